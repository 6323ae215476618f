# A whole maild for a test, in the directory `site' of where the test runs.
# Source it from an atf-sh program:  . "$(atf_get_srcdir)/../site.sh"
#
#	site_new [ACCOUNT...]	make it: example.test, you@example.test, others
#	site_conf LINE		add a line to its configuration
#	site_start, site_stop	run and end the daemon
#	site_restart		end and run
#	site_kill NAME [SIG]	a signal to one process ("smtp 1")
#	site_ctl WORD...	mailctl
#	site_wait TEXT [N]	until the log has TEXT (N times)
#
# Ports are in SITE_SMTP, SITE_SUBMISSION, SITE_SUBMISSIONS, SITE_IMAP,
# SITE_IMAPS, SITE_POP3 and SITE_POP3S, free ones; every password is `secret'.

site_top=$(cd "$(atf_get_srcdir)/../.." && pwd)
site_maild=$site_top/usr.sbin/maild/maild
site_mailctl=$site_top/usr.sbin/mailctl/mailctl
site_dir=$(pwd)/site
PATH=$PATH:/usr/sbin:/sbin

# Ports that nobody listens on just now.
site_ports()
{
	python3 -c '
import socket, sys
socks = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in socks:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in socks])' "$1"
}

site_new()
{
	[ "$(id -u)" -ne 0 ] || sh "$site_top/etc/packaging/make-users" ||
	    atf_fail "make-users"
	mkdir -p "$site_dir"
	chmod 755 "$site_dir"
	echo secret >"$site_dir/password"
	chmod 600 "$site_dir/password"
	set -- "$(site_ports 7)" "$@"
	read -r SITE_SMTP SITE_SUBMISSION SITE_SUBMISSIONS SITE_IMAP \
	    SITE_IMAPS SITE_POP3 SITE_POP3S <<-PORTS
	$1
	PORTS
	shift
	sh "$site_top/etc/make-site" "$site_dir" "$site_mailctl" $SITE_SMTP \
	    $SITE_SUBMISSION $SITE_SUBMISSIONS $SITE_IMAP $SITE_IMAPS \
	    $SITE_POP3 $SITE_POP3S >/dev/null || atf_fail "make-site"
	for account; do
		site_ctl account add "$account" <"$site_dir/password" \
		    >/dev/null || atf_fail "account add $account"
	done
	export SITE_SMTP SITE_SUBMISSION SITE_SUBMISSIONS SITE_IMAP \
	    SITE_IMAPS SITE_POP3 SITE_POP3S
	export site_dir
}

site_conf()
{
	echo "$*" >>"$site_dir/maild.conf"
}

# Each start has a log of its own; the last one is `log'.
site_start()
{
	rm -f "$site_dir/log"
	: >"$site_dir/log"
	"$site_maild" -d -P "$site_dir" -f "$site_dir/maild.conf" \
	    >"$site_dir/log" 2>&1 &
	site_pid=$!
	echo $site_pid >"$site_dir/test-pid"
	site_wait ready
}

site_wait()
{
	site_tries=0
	while [ "$(grep -c -- "$1" "$site_dir/log")" -lt "${2:-1}" ]; do
		if [ $site_tries -ge 300 ]; then
			cat "$site_dir/log"
			atf_fail "the log never said: $1"
		fi
		site_tries=$((site_tries + 1))
		sleep 0.1
	done
}

site_stop()
{
	[ -f "$site_dir/test-pid" ] || return 0
	site_pid=$(cat "$site_dir/test-pid")
	rm -f "$site_dir/test-pid"
	kill "$site_pid" 2>/dev/null || return 0
	site_tries=0
	while kill -0 "$site_pid" 2>/dev/null; do
		if [ $site_tries -ge 150 ]; then
			kill -9 "$site_pid"
			return 1
		fi
		site_tries=$((site_tries + 1))
		sleep 0.1
	done
}

site_restart()
{
	site_stop
	site_start
}

# The process of that title below our parent.
site_child()
{
	pgrep -P "$(cat "$site_dir/test-pid")" -f "maild: $1\$" | head -1
}

site_kill()
{
	kill "-${2:-KILL}" "$(site_child "$1")"
}

site_ctl()
{
	"$site_mailctl" -P "$site_dir" "$@"
}

# For atf_test_case's cleanup: whatever happened, nothing stays behind.
site_cleanup()
{
	[ ! -f "$site_dir/log" ] || cat "$site_dir/log"
	site_stop || :
}
