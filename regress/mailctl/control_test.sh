# The control protocol, and how answers look, against a made-up maild.

mailctl=$(atf_get_srcdir)/../../usr.sbin/mailctl/mailctl

# A site whose control process gives the answers.
fake()
{
	echo 'hostname mail.example.org' >maild.conf
	rm -f control.sock
	atf_check python3 "$(atf_get_srcdir)/fake.py" control \
	    "$PWD/control.sock" "$PWD/log" "$@"
}

ctl()
{
	"$mailctl" -P "$PWD" "$@"
}

atf_test_case queue
queue_body()
{
	now=$(date +%s)
	row1='{"id": "d1zahm4t80220", "created": '$((now - 7265))',
	    "size": 4300, "sender": "", "recipient": "a@far.example",
	    "state": "pending", "tries": 3, "next": 0, "host": "mx.far.example",
	    "code": 451, "enhanced": "4.7.1", "reason": "greylisted\u001b[2J"}'
	row2='{"id": "d1zahm4t80220", "created": '$((now - 7265))',
	    "size": 4300, "sender": "", "recipient": "bb@far.example",
	    "state": "held", "tries": 10, "next": 0, "host": "",
	    "code": 0, "enhanced": "", "reason": ""}'
	fake queue-list="[$row1, $row2, {\"ok\": true, \"text\": \"1\"}]" \
	    queue-show="[$row1, {\"ok\": true, \"text\": \"\"}]"
	cat >expected <<-T
	ID               AGE  SIZE  STATE    TRIES  NEXT  SENDER  RECIPIENT
	d1zahm4t80220  2h01m  4.2K  pending      3     -  <>      a@far.example
	    greylisted?[2J
	d1zahm4t80220  2h01m  4.2K  held        10     -  <>      bb@far.example
	1 message, 2 recipients
	T
	atf_check -o file:expected "$mailctl" -P "$PWD" show queue
	atf_check -o match:'"recipient": "bb@far.example"' \
	    -o match:'"reason": "greylisted.u001B' \
	    -o match:'"host": "mx.far.example"' \
	    "$mailctl" -j -P "$PWD" show queue
	atf_check -o match:"^recipient +a@far.example$" \
	    -o match:"^status +4.7.1$" \
	    -o match:"^sender +<>$" \
	    "$mailctl" -P "$PWD" show message d1zahm4t80220
}

atf_test_case requests
requests_body()
{
	fake queue-hold='[{"ok": true, "text": "3 messages"}]' \
	    queue-remove='[{"ok": false, "text": "it is under way"}]'
	atf_check -o inline:"No such messages.\n" "$mailctl" -P "$PWD" \
	    show queue to b@c.example older 1d12h
	atf_check -o inline:"3 messages\n" \
	    "$mailctl" -P "$PWD" queue hold all older 90
	atf_check -s exit:1 -e inline:"mailctl: it is under way\n" \
	    "$mailctl" -P "$PWD" queue remove d1zahm4t80220
	atf_check "$mailctl" -P "$PWD" log verbose
	atf_check "$mailctl" -P "$PWD" reload
	atf_check -o inline:"Nothing is known of that.\n" \
	    "$mailctl" -P "$PWD" trace You@Example.ORG
	atf_check -o ignore "$mailctl" -P "$PWD" trace d1zahm4t80220
	atf_check -o ignore "$mailctl" -s "$PWD/control.sock" stop
	atf_check -o ignore "$mailctl" -P "$PWD" show queue from '<>'
	cat >expected <<-'T'
	{"older": 129600, "rcpt": "b@c.example", "verb": "queue-list"}
	{"older": 90, "verb": "queue-hold"}
	{"id": "d1zahm4t80220", "verb": "queue-remove"}
	{"arg": "verbose", "verb": "log"}
	{"verb": "reload"}
	{"arg": "you@example.org", "verb": "trace"}
	{"id": "d1zahm4t80220", "verb": "trace"}
	{"verb": "stop"}
	{"sender": "<>", "verb": "queue-list"}
	T
	atf_check -o file:expected cat log
}

atf_test_case json
json_body()
{
	fake queue-hold='[{"ok": true, "text": "3 messages"}]' \
	    queue-remove='[{"ok": false, "text": "no"}]' \
	    sessions='[{"id": "x", "tls": 1}, {"ok": true, "text": ""}]'
	cat >check <<-'P'
	import json, sys
	assert json.load(sys.stdin) == json.loads(sys.argv[1])
	P
	ctl -j queue hold all >out || atf_fail hold
	atf_check python3 check '{"ok": true, "text": "3 messages"}' <out
	ctl -j queue remove all >out && atf_fail remove
	atf_check python3 check '{"ok": false, "text": "no"}' <out
	ctl -j show sessions >out || atf_fail sessions
	atf_check python3 check '[{"id": "x", "tls": 1}]' <out
	ctl -j show queue >out || atf_fail queue
	atf_check python3 check '[]' <out
}

atf_test_case status
status_body()
{
	fake status='[{"process": "parent", "instance": 1, "pid": 10,
	    "state": "up", "uptime": 90061, "restarts": 0, "rss_kb": 9000,
	    "pss_kb": 2048},
	    {"process": "smtp", "instance": 1, "pid": 11, "state": "up",
	    "uptime": 59, "restarts": 2, "rss_kb": 9000, "pss_kb": 1024},
	    {"ok": true, "text": ""}]' \
	    stats='[{"process": "smtp", "instance": 1, "smtp_open": 7,
	    "smtp_sessions": 30}, {"process": "smtp", "instance": 2,
	    "smtp_sessions": 12}, {"ok": true, "text": ""}]'
	cat >expected <<-T
	PROCESS INSTANCE PID STATE UPTIME RESTARTS SESSIONS RESIDENT MEMORY
	parent 1 10 up 1d01h 0 - 8.8M 2.0M
	smtp 1 11 up 59s 2 7 8.8M 1.0M
	2 processes, 7 sessions, 3.0M of memory
	T
	ctl show status >out || atf_fail "show status"
	atf_check -o file:expected sed 's/   */ /g' out
	# Whatever stands in a column ends or begins where its title does.
	atf_check -o inline:"1\n" sh -c \
	    'sed "\$d" out | awk "{ print length }" | sort -u | wc -l'
	atf_check -o match:"^smtp +smtp_open +7$" \
	    -o match:"^smtp +smtp_sessions +42$" \
	    "$mailctl" -P "$PWD" show stats
}

atf_test_case dkim
dkim_body()
{
	key=$(printf 'v=DKIM1; k=rsa; p=%0300d' 7)
	fake dkim-add='[{"name": "s1._domainkey.example.org", "type": "TXT",
	    "value": "'"$key"'", "file": "/k/example.org.s1.key"},
	    {"ok": true, "text": ""}]'
	ctl dkim add example.org selector s1 >out || atf_fail "dkim add"
	atf_check -o match:"^s1._domainkey.example.org. IN TXT \($" cat out
	# Put together again it is the value.
	atf_check -o inline:"$key\n" \
	    sh -c 'sed -n "s/^	\"\(.*\)\".*/\1/p" out | tr -d "\n"; echo'
	ctl dkim add example.org algorithm ed25519 >/dev/null || atf_fail two
	cat >expected <<-T
	{"arg": "example.org s1 rsa", "verb": "dkim-add"}
	{"arg": "example.org e$(date +%Y%m%d) ed25519", "verb": "dkim-add"}
	T
	atf_check -o file:expected cat log
}

# After a table was changed maild is told; what it says is not kept back.
atf_test_case reload
reload_body()
{
	fake reload='[{"ok": true, "text": ""}]'
	atf_check -o inline:"example.org added\n" \
	    "$mailctl" -P "$PWD" domain add example.org
	atf_check -o inline:'{"verb": "reload"}\n' cat log
	fake reload='[{"ok": false, "text": "a.conf:3: no"}]'
	atf_check -s exit:1 -e match:"example.net added, but.*a.conf:3: no" \
	    "$mailctl" -P "$PWD" domain add example.net
	fake account-usage='[{"account": "you@example.org", "bytes": 3000000,
	    "messages": 12}, {"ok": true, "text": ""}]'
	echo p | ctl account add You@example.org >/dev/null || atf_fail add
	cat >expected <<-T
	ACCOUNT          STATE   MESSAGES  SIZE
	You@example.org  active        12  2.9M
	T
	atf_check -o file:expected "$mailctl" -P "$PWD" account list usage
	atf_check -o inline:"You@example.org removed with its mail\n" \
	    "$mailctl" -P "$PWD" account remove You@example.org purge
	atf_check -o match:'"arg": "You@example.org", "verb": "account-purge"' \
	    cat log
}

atf_test_case broken
broken_body()
{
	fake status=close
	atf_check -s exit:1 -e match:"closed the connection" \
	    "$mailctl" -P "$PWD" show status
	atf_check -s exit:1 -e match:"nowhere: No such file" \
	    "$mailctl" -s "$PWD/nowhere" show status
	long=$(printf '%0200d' 1)
	atf_check -s exit:1 -e match:"too long" \
	    "$mailctl" -s "/$long" show status
}

# By other names it is other programs.
atf_test_case names
names_body()
{
	ln -s "$mailctl" mailq
	ln -s "$mailctl" newaliases
	# They take the site of the machine, which may be there or not.
	atf_check -s ignore -o ignore -e not-match:usage ./mailq
	atf_check -s ignore -o ignore -e not-match:usage ./mailq -v
	atf_check -s ignore -o ignore -e not-match:usage \
	    "$mailctl" -P "$PWD" sendmail -bp
}

atf_init_test_cases()
{
	atf_add_test_case queue
	atf_add_test_case requests
	atf_add_test_case json
	atf_add_test_case status
	atf_add_test_case dkim
	atf_add_test_case reload
	atf_add_test_case broken
	atf_add_test_case names
}
