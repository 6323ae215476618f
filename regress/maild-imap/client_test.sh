# Real clients against a whole daemon.
. "$(atf_get_srcdir)/../site.sh"

client_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() { atf_set require.progs '$2 python3 openssl'; }
	$1_cleanup() { site_cleanup; }"
}

# mail N: so many messages into INBOX, by another way than IMAP
mail()
{
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		printf '%s\r\n' 'From: a@example.org' 'To: you@example.test' \
		    "Subject: mail $i" "Message-ID: <$i@example.org>" '' \
		    "body of $i" | site_curl_append INBOX
	done
}

# A program, for atf-check runs nothing else.
site_curl_make()
{
	cat >site_curl <<-'CURL'
	#!/bin/sh
	exec curl -sS -k --user you@example.test:secret "$@"
	CURL
	chmod 755 site_curl
	PATH=$(pwd):$PATH
}

site_curl_append()
{
	cat >append.eml
	site_curl -T append.eml "imaps://127.0.0.1:$SITE_IMAPS/$1" ||
	    atf_fail "append"
}

client_case curl curl
curl_body()
{
	site_new
	site_curl_make
	site_start
	mail 3
	url=imaps://127.0.0.1:$SITE_IMAPS
	atf_check -o match:'Subject: mail 2' site_curl "$url/INBOX;UID=2"
	atf_check -o match:'^body of 3' \
	    site_curl "$url/INBOX;MAILINDEX=3;SECTION=TEXT"
	atf_check -o match:'SEARCH 1 2 3' site_curl "$url/INBOX?ALL"
	atf_check -o match:'SEARCH 2' \
	    site_curl "$url/INBOX?SUBJECT%20%22mail%202%22"
	atf_check -o match:'LIST.*Trash' site_curl "$url/"
	atf_check -o match:'EXAMINE|EXISTS|FLAGS' \
	    site_curl "$url/INBOX" -X 'FETCH 1:* (FLAGS)'
	atf_check -o match:'Subject: mail 1' site_curl --ssl-reqd \
	    --login-options AUTH=PLAIN "imap://127.0.0.1:$SITE_IMAP/INBOX;UID=1"
	atf_check -s exit:67 -e ignore curl -sS -k \
	    --user you@example.test:wrong "$url/INBOX;UID=1"
	site_stop || atf_fail "it does not end"
}

client_case mbsync mbsync
mbsync_body()
{
	site_new
	site_curl_make
	site_start
	mail 20
	site_sync() {
		atf_check -o ignore -e ignore mbsync -c "$site_dir/mbsyncrc" -a
	}
	chmod 600 "$site_dir/mbsyncrc"
	sed -i -e 's/^Patterns INBOX/Patterns */' \
	    -e 's/^Create Near/Create Both\nExpunge Both/' \
	    "$site_dir/mbsyncrc"
	site_sync
	box=$site_dir/Maildir
	atf_check_equal 20 "$(cat "$box"/new/* "$box"/cur/* 2>/dev/null |
	    grep -c '^Subject: mail')"
	# A flag set here, one removed here, one new here.
	f=$(grep -l 'Subject: mail 7$' "$box"/*/* ||
	    grep -l 'mail 7' "$box"/*/*)
	mv "$f" "$box/cur/$(basename "${f%%:2,*}"):2,FS"
	f=$(grep -l '^Subject: mail 9' "$box"/*/*)
	mv "$f" "$box/cur/$(basename "${f%%:2,*}"):2,T"
	printf 'Subject: from here\n\nlocal\n' >"$box/new/1.local.host"
	site_sync
	url=imaps://127.0.0.1:$SITE_IMAPS
	atf_check -o match:'SEARCH 7' site_curl "$url/INBOX?FLAGGED%20SEEN"
	atf_check -o inline:'* SEARCH\r\n' \
	    site_curl "$url/INBOX?SUBJECT%20%22mail%209%22"
	atf_check -o match:'SEARCH 20' \
	    site_curl "$url/INBOX?SUBJECT%20%22from%20here%22"
	# And the other way.
	site_curl "$url/INBOX" -X 'STORE 1:3 +FLAGS (\Answered)' >/dev/null
	site_curl "$url/INBOX" -X 'STORE 4 +FLAGS (\Deleted)' >/dev/null
	site_curl "$url/INBOX" -X 'EXPUNGE' >/dev/null
	site_sync
	atf_check_equal 3 "$(ls "$box"/cur | grep -c ':2,.*R')"
	atf_check_equal 0 "$(cat "$box"/*/* | grep -c '^Subject: mail 4.$')"
	atf_check_equal 19 "$(cat "$box"/*/* | grep -c ^Subject:)"
	site_stop || atf_fail "it does not end"
}

# with_mutt NAME
with_mutt()
{
	site_new
	site_curl_make
	site_start
	mail 5
	cat >muttrc <<-RC
	set folder="imaps://you%40example.test@127.0.0.1:$SITE_IMAPS/"
	set imap_pass=secret spoolfile="=INBOX" record="=Sent"
	set ssl_verify_host=no ssl_verify_dates=no certificate_file=certs
	set confirmappend=no confirmcreate=no delete=yes move=no
	set header_cache= beep=no
	RC
	cp "$site_dir/cert.pem" certs
	atf_check -o ignore python3 "$(atf_get_srcdir)/mutt.py" muttrc "$1"
	url=imaps://127.0.0.1:$SITE_IMAPS
	atf_check -o match:'Subject: mail 2' \
	    site_curl "$url/Archive;MAILINDEX=1"
	atf_check -o match:'SEARCH 2' site_curl "$url/INBOX?FLAGGED"
	atf_check -o inline:'* SEARCH 1 2 3\r\n' site_curl "$url/INBOX?ALL"
	site_stop || atf_fail "it does not end"
}

client_case mutt mutt
mutt_body()
{
	with_mutt mutt
}

client_case neomutt neomutt
neomutt_body()
{
	with_mutt neomutt
}

client_case offlineimap offlineimap
offlineimap_body()
{
	site_new
	site_curl_make
	site_start
	mail 12
	mkdir mail
	cat >offlineimaprc <<-RC
	[general]
	accounts = here
	ui = quiet
	metadata = $(pwd)/state
	[Account here]
	localrepository = local
	remoterepository = remote
	[Repository local]
	type = Maildir
	localfolders = $(pwd)/mail
	[Repository remote]
	type = IMAP
	remotehost = 127.0.0.1
	remoteport = $SITE_IMAPS
	remoteuser = you@example.test
	remotepass = secret
	ssl = yes
	cert_fingerprint = $(openssl x509 -in "$site_dir/cert.pem" -noout \
	    -fingerprint -sha1 | sed 's/.*=//; s/://g')
	RC
	offline() {
		atf_check -o ignore -e ignore offlineimap -c offlineimaprc -o
	}
	offline
	atf_check_equal 12 "$(cat mail/INBOX/*/* | grep -c '^Subject: mail')"
	# A flag set and one message new here, one removed there.
	f=$(grep -l 'Subject: mail 7' mail/INBOX/*/*)
	mv "$f" "mail/INBOX/cur/$(basename "${f%%:2,*}"):2,FS"
	printf 'Subject: from here\n\nlocal\n' >mail/INBOX/new/1.local.host
	url=imaps://127.0.0.1:$SITE_IMAPS
	site_curl "$url/INBOX" -X 'STORE 4 +FLAGS (\Deleted)' >/dev/null
	site_curl "$url/INBOX" -X 'EXPUNGE' >/dev/null
	offline
	atf_check_equal 12 "$(cat mail/INBOX/*/* | grep -c '^Subject: ')"
	atf_check -o match:'SEARCH 6' site_curl "$url/INBOX?FLAGGED%20SEEN"
	atf_check -o match:'SEARCH 12' \
	    site_curl "$url/INBOX?SUBJECT%20%22from%20here%22"
	site_stop || atf_fail "it does not end"
}

client_case getmail getmail
getmail_body()
{
	site_new
	site_curl_make
	site_start
	mail 8
	cat >deliver <<-'SH'
	#!/bin/sh
	cat >>"$1"
	SH
	chmod 755 deliver
	cat >getmailrc <<-RC
	[retriever]
	type = SimpleIMAPSSLRetriever
	server = 127.0.0.1
	port = $SITE_IMAPS
	username = you@example.test
	password = secret
	mailboxes = ("INBOX",)
	[destination]
	type = MDA_external
	path = $(pwd)/deliver
	arguments = ("$(pwd)/got",)
	allow_root_commands = true
	[options]
	delete = true
	verbose = 0
	RC
	atf_check -o ignore -e ignore getmail --getmaildir "$(pwd)" \
	    --rcfile getmailrc
	atf_check_equal 8 "$(grep -c '^Subject: mail' got)"
	atf_check -o match:'MESSAGES 0' site_curl \
	    "imaps://127.0.0.1:$SITE_IMAPS/" -X 'STATUS INBOX (MESSAGES)'
	site_stop || atf_fail "it does not end"
}

client_case imaplib python3
imaplib_body()
{
	site_new
	site_curl_make
	site_start
	mail 5
	atf_check python3 "$(atf_get_srcdir)/imaplib_client.py"
	site_stop || atf_fail "it does not end"
}

atf_init_test_cases()
{
	for c in curl mbsync mutt neomutt offlineimap getmail imaplib; do
		atf_add_test_case $c
	done
}
