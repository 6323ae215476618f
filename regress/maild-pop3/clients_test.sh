# Programs that people ./fetch their mail with.
. "$(atf_get_srcdir)/../site.sh"

# client NAME PROGRAM: name_run is its test, on a site with three messages.
client()
{
	clients="$clients $1"
	atf_test_case "$1" cleanup
	eval "
	$1_head() { atf_set require.progs 'openssl python3 $2'; }
	$1_body()
	{
		site_new
		site_start
		programs
		deliver 3
		$1_run
		atf_check test -z \"\$(grep 'died of' \"\$site_dir/log\")\"
		site_stop || atf_fail 'it does not end'
	}
	$1_cleanup() { site_cleanup; }"
}

# deliver N: mail.1 ... mail.N, which begins lines with dots
deliver()
{
	i=1
	while [ $i -le "$1" ]; do
		printf 'From: a@b.zz\nSubject: mail %d\n\n.%d\n..\n\n.\nend\n' \
		    $i $i >mail.$i
		i=$((i + 1))
	done
	atf_check python3 - "$1" <<-'PY'
	import os, smtplib, sys
	s = smtplib.SMTP("127.0.0.1", int(os.environ["SITE_SMTP"]))
	for i in range(int(sys.argv[1])):
	    text = open("mail.%d" % (i + 1), "rb").read()
	    text = text.replace(b"\n", b"\r\n")
	    s.sendmail("a@b.zz", ["you@example.test"], text)
	PY
}

# Programs for atf_check, which knows no functions: left says how many messages
# there are, curl_you and fetch run the clients.
programs()
{
	cat >left <<-'SH'
	#!/usr/bin/env python3
	import os, poplib, ssl
	c = ssl.create_default_context(
	    cafile=os.environ["site_dir"] + "/cert.pem")
	port = int(os.environ["SITE_POP3S"])
	p = poplib.POP3_SSL("localhost", port, context=c)
	p.user("you@example.test")
	p.pass_("secret")
	print(p.stat()[0])
	p.quit()
	SH
	cat >curl_you <<-'SH'
	#!/bin/sh
	exec curl -sS -m 60 --cacert "$site_dir/cert.pem" \
	    --user you@example.test:secret "$@"
	SH
	cat >fetch <<-'SH'
	#!/bin/sh
	HOME=$(pwd) FETCHMAILHOME=$(pwd)
	export HOME FETCHMAILHOME
	exec fetchmail --silent --nosyslog -f fetchmailrc \
	    --sslcertfile "$site_dir/cert.pem" --sslcertck "$@"
	SH
	chmod 755 left curl_you fetch
}

# same FILE N: FILE ends with mail.N
same()
{
	tail -n "$(($(wc -l <mail.$2)))" "$1" | tr -d '\r' >got
	atf_check -o file:mail.$2 cat got
}

poplib_run()
{
	atf_check python3 - <<-'PY'
	import os, poplib, ssl
	c = ssl.create_default_context(
	    cafile=os.environ["site_dir"] + "/cert.pem")
	p = poplib.POP3("localhost", int(os.environ["SITE_POP3"]), timeout=30)
	assert "STLS" in p.capa()
	try:
	    p.user("you@example.test")
	    assert False
	except poplib.error_proto:
	    pass
	p.stls(context=c)
	p.utf8()
	p.user("you@example.test")
	try:
	    p.pass_("wrong")
	    assert False
	except poplib.error_proto as e:
	    assert b"[AUTH]" in e.args[0], e
	p.user("you@example.test")
	p.pass_("secret")
	n, size = p.stat()
	assert n == 3
	assert sum(int(x.split()[1]) for x in p.list()[1]) == size
	assert len(set(x.split()[1] for x in p.uidl()[1])) == 3
	for i in range(1, 4):
	    text = b"".join(l + b"\n" for l in p.retr(i)[1])
	    assert text.endswith(open("mail.%d" % i, "rb").read()), text
	    assert p.top(i, 1)[1][-1] == b".%d" % i
	p.dele(1)
	p.rset()
	p.dele(2)
	p.noop()
	p.quit()
	PY
	atf_check -o inline:"2\n" ./left
}

curl_run()
{
	s=localhost:$SITE_POP3S
	p=localhost:$SITE_POP3
	atf_check -o match:"^1 [0-9]+" -o match:"^3 [0-9]+" \
	    ./curl_you pop3s://$s
	atf_check -o match:"^2 [0-9]+\.[0-9]+" ./curl_you -X UIDL pop3s://$s
	for i in 1 2 3; do
		atf_check -o save:out ./curl_you pop3s://$s/$i
		same out $i
		atf_check -o save:out ./curl_you --ssl-reqd pop3://$p/$i
		same out $i
	done
	for how in --sasl-ir --no-sasl-ir; do
		atf_check -o save:out ./curl_you --login-options AUTH=PLAIN \
		    $how pop3s://$s/2
		same out 2
	done
	# Never in the clear, and never with another's certificate.
	atf_check -s exit:67 -e ignore ./curl_you pop3://$p/1
	atf_check -s exit:60 -e ignore curl -sS --user x:y pop3s://$s
	atf_check -s exit:67 -e ignore ./curl_you --user you@example.test:no \
	    pop3s://$s
	atf_check -o ignore ./curl_you -I -X "DELE 2" pop3s://$s
	atf_check -o inline:"2\n" ./left
}

fetchmail_run()
{
	for how in "service $SITE_POP3 user you@example.test sslproto TLS1.2+" \
	    "service $SITE_POP3S uidl user you@example.test ssl"; do
		cat >fetchmailrc <<-RC
		poll localhost protocol pop3 $how password secret
		mda "cat >>$(pwd)/mbox"
		RC
		chmod 600 fetchmailrc
		: >mbox
		atf_check -o ignore -e ignore ./fetch --keep --fetchall
		atf_check -o inline:"3\n" grep -c '^Subject: mail' mbox
		same mbox 3
	done
	# What it has seen it does not take twice; what is new it does.
	: >mbox
	atf_check -s exit:1 -o ignore -e ignore ./fetch --keep
	deliver 1
	atf_check -o ignore -e ignore ./fetch --keep
	atf_check -o inline:"1\n" grep -c '^Subject: mail' mbox
	atf_check -o ignore -e ignore ./fetch --nokeep --fetchall
	atf_check -o inline:"0\n" ./left
	atf_check -s exit:1 -o ignore -e ignore ./fetch
}

mpop_run()
{
	cat >mpoprc <<-RC
	defaults
	tls on
	tls_trust_file $site_dir/cert.pem
	user you@example.test
	password secret
	delivery mbox $(pwd)/mbox
	uidls_file $(pwd)/uidls
	received_header off
	account tls
	host localhost
	port $SITE_POP3S
	tls_starttls off
	auth scram-sha-256
	keep on
	account starttls
	host localhost
	port $SITE_POP3
	tls_starttls on
	auth user
	keep on
	account plain
	host localhost
	port $SITE_POP3S
	tls_starttls off
	auth plain
	keep off
	RC
	chmod 600 mpoprc
	atf_check -o match:"PIPELINING" mpop -C mpoprc -S tls
	for a in tls starttls plain; do
		rm -f mbox uidls
		atf_check -o ignore mpop -C mpoprc $a
		atf_check -o inline:"3\n" grep -c '^Subject: mail' mbox
		# It stands > before From, and an empty line at the end.
		sed '$d' mbox >out
		same out 3
		if [ $a != plain ]; then
			rm mbox
			atf_check -o ignore mpop -C mpoprc $a
			atf_check test ! -s mbox
		fi
	done
	atf_check -o inline:"0\n" ./left
}

clients=
client poplib python3
client curl curl
client fetchmail fetchmail
client mpop mpop

atf_init_test_cases()
{
	for c in $clients; do
		atf_add_test_case "$c"
	done
}
