# The parent and the glue around processes that do next to nothing (stub.c).

STUB=$(atf_get_srcdir)/maild-stub

# site WORD: a small site in ./site, whose word for the stubs is WORD
site() {
	mkdir -p site
	chmod 755 . site
	cat >site/maild.conf <<-CONF
	hostname mail.example.test
	certificate mail.example.test cert cert.pem key key.pem
	listen on socket lmtp.sock lmtp
	relay to any via smtp.example.net port 587 auth us password-file pw
	postmaster "$1"
	processes scan 1
	CONF
	[ -f site/key.pem ] || (umask 077; openssl req -x509 -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
	    -subj /CN=mail.example.test -keyout site/key.pem \
	    -out site/cert.pem 2>/dev/null)
	echo example.test >site/domains
	: >site/aliases
	(umask 077; : >site/accounts; echo secret >site/pw)
}

# until_log TEXT [TIMES]: wait for it, at most 20 seconds
until_log() {
	i=0
	while [ "$(grep -c -e "$1" log)" -lt "${2:-1}" ]; do
		i=$((i + 1))
		if [ $i -gt 400 ]; then
			cat log >&2
			atf_fail "no line: $1"
		fi
		sleep 0.05
	done
}

start() {
	: >log
	"$STUB" -d -P "$(pwd)/site" >>log 2>&1 &
	echo $! >pid
	until_log 'maild: ready'
}

stop() {
	kill -TERM "$(cat pid)"
	until_log 'maild: stopped'
	wait "$(cat pid)" || atf_fail "exit status $?"
}

# pid_of 'smtp 1'
pid_of() {
	for p in $(cat "/proc/$(cat pid)/task/$(cat pid)/children"); do
		tr '\0' ' ' <"/proc/$p/cmdline" | grep -q "^maild: $1 *$" &&
		    echo "$p"
	done
}

kill_stub() {
	[ -f pid ] && kill -KILL "$(cat pid)" 2>/dev/null
	[ -f hear ] && kill -KILL "$(cat hear)" 2>/dev/null
	:
}

tc() {
	eval "atf_test_case $1 cleanup
	$1_head() { atf_set require.user ${2:-root}
	atf_set require.progs openssl; }
	$1_cleanup() { kill_stub; }"
}

tc start_stop
start_stop_body() {
	site ping
	start
	until_log 'smtp\[1\]: stub pong sid=77 rdns=one.example'
	# Each has what its role needs.
	atf_check -o ignore grep \
	    'smtp\[1\]: stub uses.* certs=1 routes=0 listeners=2 tables=0' log
	# Before it takes a client it knows whom to ask.
	atf_check -o ignore grep 'smtp\[1\]: stub uses.* peers=3' log
	atf_check -o ignore grep 'relay: stub uses.* certs=1 routes=1' log
	atf_check -o ignore grep 'store: stub uses.* certs=0 .* tables=2' log
	atf_check -o ignore grep 'auth: stub uses.* certs=0 .* tables=3' log
	atf_check -o ignore grep 'crypto: stub uses.* certs=1 .* keys=1' log
	atf_check -o ignore grep 'control: stub uses.* listeners=1 tables=0' log
	for p in 'smtp 1' 'store 1' 'queue 1' 'crypto 1'; do
		q=$(pid_of "$p")
		[ -n "$q" ] || atf_fail "no process $p"
		atf_check -o inline:'NoNewPrivs:	1\nSeccomp:	2\n' \
		    grep -E '^(NoNewPrivs|Seccomp):' "/proc/$q/status"
		[ "$(stat -c %u "/proc/$q")" != 0 ] || [ "$(awk \
		    '/^Uid:/ { print $2 }' "/proc/$q/status")" != 0 ] ||
		    atf_fail "$p is root"
	done
	atf_check_equal "$(pwd)/site/store" \
	    "$(readlink "/proc/$(pid_of 'store 1')/root")"
	atf_check_equal "$(pwd)/site/empty" \
	    "$(readlink "/proc/$(pid_of 'smtp 1')/root")"
	test -S site/control.sock -a -S site/sendmail.sock || atf_fail sockets
	atf_check_equal 600 "$(stat -c %a site/control.sock)"
	stop
	test ! -e site/control.sock -a ! -e site/maild.pid ||
	    atf_fail "sockets stay behind"
}

tc not_root unprivileged
not_root_body() {
	site ping
	start
	until_log 'smtp\[1\]: stub pong'
	q=$(pid_of 'store 1')
	atf_check -o inline:'NoNewPrivs:	1\nSeccomp:	2\n' \
	    grep -E '^(NoNewPrivs|Seccomp):' "/proc/$q/status"
	stop
}

tc second
second_body() {
	site ping
	start
	atf_check -s exit:1 -e match:'running already, pid' \
	    "$STUB" -d -P "$(pwd)/site"
	stop
}

tc restart
restart_body() {
	site ping
	start
	until_log 'stub pong'
	kill -KILL "$(pid_of 'smtp 1')"
	until_log 'smtp\[1\]: died of signal 9'
	until_log 'lookup: stub lost smtp 1'
	until_log 'smtp\[1\] is back, restarts=1'
	until_log 'stub pong' 2
	until_log 'smtp\[1\]: stub uses.* peers=3' 2
	# crypto anew: the workers' blocking wire is made again.
	kill -KILL "$(pid_of 'crypto 1')"
	until_log 'crypto is back'
	# The second time it waits.
	kill -KILL "$(pid_of 'smtp 1')"
	until_log 'smtp\[1\]: restart in 1 s'
	until_log 'smtp\[1\] is back, restarts=2'
	until_log 'stub pong sid=77 rdns=one.example sync=1'
	stop
}

# The word takes effect in a smtp that is started after the reload.
violation() {
	site ping
	start
	site "$1"
	kill -HUP "$(cat pid)"
	until_log 'configuration reloaded'
	judge=$(pid_of "$2 1")
	kill -KILL "$(pid_of 'smtp 1')"
	until_log "$2: bad message from smtp.1.: $3"
	# Who notices goes on; who said it is ended, and comes back.
	until_log "smtp.1.: killed: bad message to $2"
	until_log 'smtp.1.: died of signal 9'  2
	site ping
	kill -HUP "$(cat pid)"
	until_log 'configuration reloaded' 2
	until_log 'smtp\[1\] is back, restarts=[23]'
	until_log 'smtp.1.: stub pong sid=77' 2
	atf_check_equal "$judge" "$(pid_of "$2 1")"
	stop
}

tc badsender
badsender_body() {
	violation badsender queue 'GRANT .*may not be said here'
}
tc stray
stray_body() {
	violation stray lookup 'DISCONNECT .*stray descriptor'
}
tc short
short_body() {
	violation short lookup 'DISCONNECT .*malformed'
}
tc senseless
senseless_body() {
	violation senseless lookup 'nobody has come'
	atf_check -o ignore grep 'lookup: stub cannot answer' log
	atf_check -s exit:1 grep 'nobody at all' log
	atf_check_equal 2 "$(grep -c 'stub pong' log)"
}

# It asks and does not hear: then it is not heard, and nobody else suffers.
tc deaf
deaf_body() {
	site deaf
	start
	until_log 'smtp.1.: stub deaf: '
	atf_check -o ignore grep 'stub deaf: it hears me no more' log
	# Now it takes the answers; the rest of its questions is heard.
	site status
	kill -HUP "$(cat pid)"
	until_log 'smtp.1.: stub uses generation=2'
	until_log 'stub deaf: all were answered'
	atf_check -s exit:1 grep 'bad message' log
	stop
}

# A stopped worker is given up before what waits for it is much.
tc flood
flood_body() {
	site ping
	start
	until_log 'stub pong'
	judge=$(pid_of 'lookup 1')
	site flood
	kill -HUP "$(cat pid)"
	until_log 'configuration reloaded'
	# The new one asks once, and lookup does not stop to answer.
	kill -KILL "$(pid_of 'smtp 1')"
	until_log 'smtp.1.: stub found lookup 1' 2
	kill -STOP "$(pid_of 'smtp 1')"
	until_log 'lookup: bad message from smtp.1.: it does not take what'
	until_log 'smtp.1.: killed: bad message to lookup'
	until_log 'lookup: stub flood ends'
	atf_check_equal "$judge" "$(pid_of 'lookup 1')"
	test "$(awk '/^VmHWM/ { print $2 }' "/proc/$judge/status")" -lt 65536 ||
	    atf_fail "lookup grew"
	site ping
	kill -HUP "$(cat pid)"
	until_log 'configuration reloaded' 2
	until_log 'smtp.1. is back, restarts=[2-9]'
	stop
}

# The word takes effect in a smtp that is started after the reload.
own_fault() {
	site ping
	start
	site "$1"
	kill -HUP "$(cat pid)"
	until_log 'configuration reloaded'
	kill -KILL "$(pid_of 'smtp 1')"
	until_log "$2"
	stop
}
tc cap
cap_body() {
	own_fault cap 'smtp\[1\]: ENV_FROM to queue.*: helo is over its cap'
}
tc badparent
badparent_body() {
	# The parent does not die of it.
	own_fault badparent \
	    'smtp\[1\]: killed: .no such message. (9999) may not'
}

tc reload
reload_body() {
	site ping
	start
	site other
	echo 'listen on socket second.sock lmtp' >>site/maild.conf
	kill -HUP "$(cat pid)"
	until_log 'configuration reloaded, generation=2'
	until_log 'smtp\[1\]: stub uses generation=2 word=other .*listeners=3'
	test -S site/second.sock || atf_fail "no new socket"
	# One process says no: nobody uses it.
	site refuse
	kill -HUP "$(cat pid)"
	until_log 'reload failed, the old configuration stays: .*my liking'
	until_log 'lookup: stub drops generation=3'
	atf_check -s exit:1 grep 'stub uses generation=3' log
	# A file that is wrong: the processes do not hear of it.
	echo 'nonsense' >>site/maild.conf
	kill -HUP "$(cat pid)"
	until_log 'site/maild.conf:7: .*nonsense'
	# And a table.
	site ping
	echo 'bad@@line' >>site/aliases
	kill -HUP "$(cat pid)"
	until_log 'site/aliases:1: '
	: >site/aliases
	kill -HUP "$(cat pid)"
	until_log 'configuration reloaded' 2
	test ! -e site/second.sock || atf_fail "the socket stays"
	test -S site/lmtp.sock || atf_fail "the socket is gone"
	stop
}

# The address of a listener becomes a part of what it was, and back.
tc readdress
readdress_body() {
	port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	site ping
	echo "listen on * port $port smtp" >>site/maild.conf
	start
	for where in 127.0.0.1 '*' 127.0.0.1; do
		site ping
		echo "listen on $where port $port smtp" >>site/maild.conf
		n=$((${n:-0} + 1))
		kill -HUP "$(cat pid)"
		until_log 'configuration reloaded' $n
		# As much in use as ever to whoever starts.
		atf_check -s exit:1 -e match:'in use' python3 -c "import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $port))
s.listen()"
	done
	# Somebody else's is somebody else's.
	site ping
	python3 -c "import socket, time
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(60)" >other &
	other=$!
	while [ ! -s other ]; do sleep 0.05; done
	echo "listen on * port $(cat other) smtp" >>site/maild.conf
	kill -HUP "$(cat pid)"
	until_log 'Address already in use'
	kill $other
	stop
}

# What a reload cannot do is said.
tc counts
counts_body() {
	site status
	start
	echo 'processes scan 7' >>site/maild.conf
	kill -HUP "$(cat pid)"
	until_log 'processes scan 7: counts from the next start on'
	until_log 'configuration reloaded'
	stop
}

tc nostart
nostart_body() {
	site dies
	: >log
	"$STUB" -d -P "$(pwd)/site" >log 2>&1 && atf_fail "it starts"
	until_log 'scan\[1\]: exited with status 3'
	until_log 'scan\[1\] cannot start'
	site refuse
	"$STUB" -d -P "$(pwd)/site" >log 2>&1 && atf_fail "it starts"
	until_log 'killed: [a-z]*: this is not to my liking'
}

tc syscall
syscall_body() {
	site syscall
	: >log
	"$STUB" -d -P "$(pwd)/site" >log 2>&1 && atf_fail "it starts"
	until_log 'scan\[1\]: .*setpriority'
	until_log 'scan\[1\]: died of signal 31'
}

tc impatient
impatient_body() {
	site late
	start
	kill -TERM "$(cat pid)"
	until_log 'stopping'
	kill -TERM "$(cat pid)"
	until_log 'maild: stopped'
}

tc background
background_body() {
	site ping
	atf_check "$STUB" -P "$(pwd)/site"
	cp site/maild.pid pid
	[ -n "$(pid_of 'store 1')" ] || atf_fail "not ready yet"
	kill -TERM "$(cat pid)"
	while [ -e site/maild.pid ]; do sleep 0.05; done
}

tc notify
notify_body() {
	site ping
	"$(atf_get_srcdir)/hear" sock >log &
	echo $! >hear
	while [ ! -S sock ]; do sleep 0.05; done
	# It stays in the foreground for who listens.
	NOTIFY_SOCKET=$(pwd)/sock "$STUB" -P "$(pwd)/site" &
	echo $! >pid
	until_log '^READY=1'
	kill -HUP "$(cat pid)"
	until_log '^RELOADING=1'
	until_log '^READY=1' 2
	kill -TERM "$(cat pid)"
	until_log '^STOPPING=1'
	wait "$(cat pid)" || atf_fail "exit status $?"
	kill "$(cat hear)"
}

tc status
status_body() {
	site status
	start
	until_log 'stub row: process=parent instance=1 pid=[0-9]* state=up'
	until_log 'row: process=store .* rss_kb=[1-9][0-9]* pss_kb=[1-9]'
	until_log 'stub end: cookie=5 ok=1'
	stop
}

tc dkim
dkim_body() {
	site dkim
	start
	until_log 'row: name=s1._domainkey.example.org type=TXT value=v=DKIM1;'
	until_log 'stub end: cookie=5 ok=1'
	atf_check_equal 600 "$(stat -c %a site/dkim/example.org.s1.key)"
	atf_check -o inline:'a key\n' cat site/dkim/example.org.s1.key
	stop
}

atf_init_test_cases() {
	for t in start_stop not_root second restart badsender stray short \
	    senseless deaf flood \
	    cap badparent reload readdress counts nostart syscall \
	    impatient background notify \
	    status \
	    dkim; do
		atf_add_test_case $t
	done
}
