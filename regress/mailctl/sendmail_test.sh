# sendmail(8) against a made-up SMTP server on its socket.

mailctl=$(atf_get_srcdir)/../../usr.sbin/mailctl/mailctl

fake()
{
	echo 'hostname mail.example.org' >maild.conf
	rm -f sendmail.sock
	atf_check python3 "$(atf_get_srcdir)/fake.py" smtp \
	    "$PWD/sendmail.sock" "$PWD/log" "$@"
}

# sends STATUS PATTERN ARGUMENT... < message; "" is silence
sends()
{
	status=$1 pattern=${2:+match:$2}
	shift 2
	: >log
	rm -f log.msg
	atf_check -s exit:"$status" -e "${pattern:-empty}" \
	    "$mailctl" -P "$PWD" sendmail "$@"
	if [ -f log.msg ] && grep -q SIZE= log; then
		# What was announced is what came.
		n=$(sed -e '$d' -e 's/^\.//' log.msg | wc -c)
		atf_check -o match:"SIZE=$n( |\$)" grep ^MAIL log
	fi
}

# said LINE...: the commands, without EHLO, QUIT and SIZE
said()
{
	printf '%s\n' "$@" >expected
	grep -v -e ^EHLO -e ^QUIT log | sed 's/ SIZE=[0-9]*//' >got
	atf_check -o file:expected cat got
}

# lines LINE...: the message as it was sent
lines()
{
	printf '%s\r\n' "$@" . >expected
	atf_check -o file:expected cat log.msg
}

login=$(id -un)

atf_test_case plain
plain_body()
{
	fake
	printf 'From: a@b.example\nSubject: x\n\nhi\n' >m
	sends 0 '' -f me@here.example you@far.example root <m
	said "MAIL FROM:<me@here.example>" \
	    "RCPT TO:<you@far.example>" "RCPT TO:<root@mail.example.org>" DATA
	lines "From: a@b.example" "Subject: x" "" hi
	atf_check -o match:"^EHLO mail.example.org$" cat log
	# Who it is is found out.
	sends 0 '' you@far.example <m
	atf_check -o match:"FROM:<$login@mail.example.org>" cat log
	sends 0 '' -f '' you@far.example <m
	atf_check -o match:"FROM:<>" cat log
	sends 0 '' -f '<>' you@far.example <m
	atf_check -o match:"FROM:<>" cat log
	sends 0 '' -r me@here.example you@far.example <m
	atf_check -o match:"FROM:<me@here.example>" cat log
}

# Line ends, dots, and the end of the input.
atf_test_case text
text_body()
{
	fake
	printf 'From: a@b.example\r\n\r\n.one\n..two\nbare\rcr\n\nlast' >m
	sends 0 '' -i you@far.example <m
	lines "From: a@b.example" "" "..one" "...two" bare cr "" last
	printf 'From: a@b.example\n\n1\n.\n2\n' >m
	sends 0 '' you@far.example <m
	lines "From: a@b.example" "" 1
	for o in -i -oi "-o i" "-i -t"; do
		sends 0 '' $o you@far.example <m
		lines "From: a@b.example" "" 1 .. 2
	done
	printf 'From: a@b.example\n\n1\n.' >m
	sends 0 '' you@far.example <m
	lines "From: a@b.example" "" 1
	printf 'From me Mon Jan 1\nFrom: a@b.example\n\n1\n' >m
	sends 0 '' you@far.example <m
	lines "From: a@b.example" "" 1
	# A size beyond all buffers.
	{ printf 'From: a@b.example\n\n'
	awk 'BEGIN { for (i = 0; i < 30000; i++) print ".line", i }'; } >m
	sends 0 '' -i you@far.example <m
	sed -e 's/^\././;s/^\./../' -e 's/$/\r/' m >expected
	printf '.\r\n' >>expected
	atf_check cmp expected log.msg
}

# What a message lacks that only we know.
atf_test_case header
header_body()
{
	fake
	printf 'Subject: x\n\nhi\n' >m
	sends 0 '' -F 'A Name' -f me@here.example you@far.example <m
	lines "From: A Name <me@here.example>" "Subject: x" "" hi
	sends 0 '' -F 'A. Name' -f me@here.example you@far.example <m
	lines 'From: "A. Name" <me@here.example>' "Subject: x" "" hi
	sends 0 '' -F 'Jörg' -f me@here.example you@far.example <m
	atf_check -o match:"^From: =.utf-8.* <me@here.example>" cat log.msg
	# Nothing that could be a header.
	printf 'just text, as cron writes\nBcc: x@y.example\n' >m
	sends 0 '' -F N -f me@here.example you@far.example <m
	lines "From: N <me@here.example>" "" "just text, as cron writes" \
	    "Bcc: x@y.example"
	: >m
	sends 0 '' -F N -f me@here.example you@far.example <m
	lines "From: N <me@here.example>" ""
	printf 'Resent-To: a@b.example\nFrom: x@y.example\n\n' >m
	sends 0 '' -F N -f me@here.example -t <m
	lines "Resent-From: N <me@here.example>" \
	    "Resent-To: a@b.example" "From: x@y.example" ""
	said "MAIL FROM:<me@here.example>" \
	    "RCPT TO:<a@b.example>" DATA
}

atf_test_case recipients
recipients_body()
{
	fake
	cat >m <<-M
	From: a@b.example
	To: "You, there" <you@far.example>, root (the admin),
	 group: one@x.example, <two@x.example>;
	Cc: "o d d"@x.example, you@far.example
	Bcc: hidden@x.example,
	 <more@x.example>
	Subject: bcc: no

	text
	M
	sends 0 '' -t -f me@here.example extra@x.example <m
	said "MAIL FROM:<me@here.example>" \
	    "RCPT TO:<extra@x.example>" "RCPT TO:<you@far.example>" \
	    "RCPT TO:<root@mail.example.org>" "RCPT TO:<one@x.example>" \
	    "RCPT TO:<two@x.example>" 'RCPT TO:<"o d d"@x.example>' \
	    "RCPT TO:<hidden@x.example>" "RCPT TO:<more@x.example>" DATA
	lines 'From: a@b.example' \
	    'To: "You, there" <you@far.example>, root (the admin),' \
	    ' group: one@x.example, <two@x.example>;' \
	    'Cc: "o d d"@x.example, you@far.example' \
	    'Subject: bcc: no' '' text
	# Without -t too: nobody wants to be seen there.
	sends 0 '' -f me@here.example a@x.example,b@x.example <m
	said "MAIL FROM:<me@here.example>" \
	    "RCPT TO:<a@x.example>" "RCPT TO:<b@x.example>" DATA
	atf_check -s exit:1 grep hidden log.msg
	# A slip sends to nobody.
	for to in 'you@' 'a@x.example, b@' '<a@x.example' 'a@x.example b' \
	    'a@x y.example' 'a@@x.example' '@x.example'; do
		printf 'To: %s\n\n' "$to" >m
		sends 65 'not an address' -t <m
		atf_check cat log
	done
	printf 'To: you@x.example <you@x.example>\n\n' >m
	sends 0 '' -t <m
	atf_check -o ignore grep 'TO:<you@x.example>' log
	printf 'Subject: none\n\n' >m
	sends 65 'no recipients' -t <m
	sends 64 usage <m
	printf 'To: Undisclosed recipients:;\n\n' >m
	sends 65 'no recipients' -t <m
}

# More than fit into one round of PIPELINING, each of them once.
atf_test_case many
many_body()
{
	fake
	i=0
	while [ $i -lt 500 ]; do
		i=$((i + 1))
		echo "u$i@x.example u$i@X.example"
	done | tr '\n' ' ' >rcpts
	sends 0 '' $(cat rcpts) </dev/null
	atf_check -o inline:"500\n" grep -c ^RCPT log
	fake EHLO='250 fake'
	sends 0 '' a@x.example b@x.example </dev/null
	atf_check -o inline:"2\n" grep -c ^RCPT log
}

atf_test_case options
options_body()
{
	fake
	printf 'From: a@b.example\n\nhi\n' >m
	sends 0 '' -f me@here.example -N success,delay -R hdrs -V 'id+1' \
	    you@far.example <m
	said "MAIL FROM:<me@here.example> RET=HDRS ENVID=id+2B1" \
	    "RCPT TO:<you@far.example> NOTIFY=SUCCESS,DELAY" DATA
	sends 0 '' -f me@here.example -Nnever -Rfull you@far.example <m
	said "MAIL FROM:<me@here.example> RET=FULL" \
	    "RCPT TO:<you@far.example> NOTIFY=NEVER" DATA
	# What other programs have said for forty years.
	for o in -bm -oem -oee -odb -odi -om -o7 -U -G -n -m -em -B8BITMIME \
	    "-C file" "-d9" "-h 3" "-L tag" "-O Opt=1" "-p SMTP" "-X log" \
	    "-Am" "-q1h"; do
		sends 0 '' $o you@far.example <m
		lines "From: a@b.example" "" hi
	done
	atf_check "$mailctl" -P "$PWD" sendmail -q
	sends 64 'neither full' -R half you@far.example <m
	sends 64 'not never' -N often you@far.example <m
	sends 64 'printable' -V 'a b' you@far.example <m
	sends 64 'no such mode' -bx you@far.example <m
	sends 64 'maild' -bd <m
	sends 64 usage -Z you@far.example <m
	atf_check -o match:">>> MAIL" -o match:"^250 2.0.0 taken" \
	    "$mailctl" -P "$PWD" sendmail -v you@far.example <m
	printf 'From: a@b.example\n\nf\303\274r\n' >m
	sends 0 '' -f me@here.example you@far.example <m
	said "MAIL FROM:<me@here.example> BODY=8BITMIME" \
	    "RCPT TO:<you@far.example>" DATA
	sends 0 '' -f me@here.example jörg@bücher.example <m
	said "MAIL FROM:<me@here.example> BODY=8BITMIME SMTPUTF8" \
	    "RCPT TO:<jörg@xn--bcher-kva.example>" DATA
	# By its own name.
	ln -s "$mailctl" sendmail
	atf_check -s exit:64 -e match:usage ./sendmail </dev/null
}

# Exit codes: a program has to know whether to try again.
atf_test_case failures
failures_body()
{
	echo hi >m
	fake no@x.example='550 5.1.1 no' later@x.example='451 4.2.2 full' \
	    never@x.example='550 5.7.1 not you'
	sends 67 '^mailctl: no@x.example: 550 5.1.1 no$' no@x.example <m
	sends 75 'later@x.example: 451' later@x.example <m
	sends 77 'never@x.example: 550' never@x.example <m
	# All or nobody.
	sends 67 'sent to nobody' yes@x.example no@x.example \
	    later@x.example <m
	atf_check -s exit:1 grep DATA log
	fake MAIL='550 5.7.1 no' yes@x.example='503 5.5.1 MAIL first'
	sends 77 ': 550 5.7.1 no$' yes@x.example <m
	fake DATA='554 5.0.0 no'
	sends 69 'DATA: 554' yes@x.example <m
	fake end='552 5.3.4 too big'
	sends 69 'the message: 552' yes@x.example <m
	fake end='554 5.6.0 what is that'
	sends 65 'the message: 554' yes@x.example <m
	fake end='451 4.3.1 full'
	sends 75 'the message: 451' yes@x.example <m
	for at in greeting EHLO MAIL yes@x.example DATA end; do
		fake $at=close
		sends 75 'was not sent, try again' yes@x.example <m
	done
	fake QUIT=close
	sends 0 '' yes@x.example <m
	fake greeting='421 4.3.2 not now'
	sends 75 '421' yes@x.example <m
	fake greeting='hello?'
	sends 75 'was not sent' yes@x.example <m
	rm -f sendmail.sock
	sends 75 'maild does not run: the message was not sent' \
	    yes@x.example <m
}

atf_test_case proxy
proxy_body()
{
	fake
	printf 'EHLO me\r\nMAIL FROM:<a@b.example>\r\nQUIT\r\n' >m
	atf_check -o match:"^220 fake" -o match:"^221 bye" \
	    "$mailctl" -P "$PWD" sendmail -bs <m
	said "MAIL FROM:<a@b.example>"
	rm -f sendmail.sock
	atf_check -s exit:75 -e match:"does not run" \
	    "$mailctl" -P "$PWD" sendmail -bs <m
	fake
	mv sendmail.sock other
	atf_check -o match:"^221 bye" \
	    "$mailctl" -s other -P "$PWD" sendmail -bs <m
}

atf_init_test_cases()
{
	atf_add_test_case plain
	atf_add_test_case text
	atf_add_test_case header
	atf_add_test_case recipients
	atf_add_test_case many
	atf_add_test_case options
	atf_add_test_case failures
	atf_add_test_case proxy
}
