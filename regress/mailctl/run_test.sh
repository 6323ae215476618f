# What `make run' prints does what it says.

top=$(cd "$(atf_get_srcdir)/../.." && pwd)

ports()
{
	python3 -c '
import socket
socks = [socket.socket() for _ in range(7)]
for s in socks:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in socks])'
}

# command TEXT: what stands below that line of the text
command()
{
	awk -v text="$1" '
	on && !/^    / { exit }
	on { print }
	index($0, text) { on = 1 }' log
}

# does TEXT PATTERN: the commands below it succeed and print that
does()
{
	command "$1" >commands
	atf_check test -s commands
	atf_check -o match:"$2" -e ignore sh -e commands
}

atf_test_case printed cleanup
printed_head()
{
	atf_set require.progs "python3 swaks curl mbsync openssl"
}
printed_body()
{
	# Below /tmp, for the length of a socket's path.
	mktemp -d /tmp/maild-run.XXXXXX >dir
	read -r dir <dir
	ports >ports
	read -r SMTP_PORT SUBMISSION_PORT SUBMISSIONS_PORT IMAP_PORT \
	    IMAPS_PORT POP3_PORT POP3S_PORT <ports
	SITE=$dir HOME=$dir
	export SMTP_PORT SUBMISSION_PORT SUBMISSIONS_PORT IMAP_PORT \
	    IMAPS_PORT POP3_PORT POP3S_PORT SITE HOME
	sh "$top/etc/run-site" >log 2>&1 </dev/null &
	echo $! >pid
	n=0
	until grep -q '^maild: ready' log; do
		n=$((n + 1))
		kill -0 $(cat pid) 2>/dev/null && [ $n -lt 300 ] || {
			cat log
			atf_fail "it did not start"
		}
		sleep 0.1
	done
	does "as a client would" "250 2.0.0"
	does "as another server would" "250 2.0.0"
	does "read it" "Subject: a first mail"
	# The one that curl has shown was read by that.
	atf_check -o inline:"1\n1\n" sh -c \
	    "ls $dir/Maildir/new | wc -l; ls $dir/Maildir/cur | wc -l"
	does "look after it" "result=stored"
	atf_check "$top/usr.sbin/mailctl/mailctl" -P "$dir" stop
	wait $(cat pid) || atf_fail "it did not end well"
	atf_check -o ignore grep '^maild: stopped' log
}
printed_cleanup()
{
	[ ! -f pid ] || kill $(cat pid) 2>/dev/null || :
	[ ! -f dir ] || rm -rf "$(cat dir)"
}

atf_init_test_cases()
{
	atf_add_test_case printed
}
