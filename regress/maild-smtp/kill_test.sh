# A process that dies takes nothing acknowledged with it, and is restarted.
. "$(atf_get_srcdir)/../site.sh"

kill_case()
{
	atf_test_case "$1" cleanup
	eval "
	$1_head() { atf_set require.progs 'python3 openssl pgrep'; }
	$1_body() { kill_one $1; }
	$1_cleanup() { site_cleanup; }"
}

kill_one()
{
	site_new
	site_start
	python3 "$(atf_get_srcdir)/kill.py" 4 >acked &
	sleep 1
	site_kill "$1 1"
	site_wait "is back, restarts=1"
	wait $!
	# It went on afterwards, and each message is there exactly once.
	atf_check test "$(wc -l <acked)" -gt 20
	site_wait "result=stored"
	python3 "$(atf_get_srcdir)/../maild-smtp/subjects.py" >stored ||
	    atf_fail "cannot read the mailbox"
	sort acked >a
	sort stored >b
	atf_check -o empty comm -23 a b
	atf_check -o empty uniq -d b
	site_stop || atf_fail "it does not end"
}

kill_cases="smtp queue store lookup scan crypto relay control imap auth"
for c in $kill_cases; do
	kill_case "$c"
done

atf_init_test_cases()
{
	for c in $kill_cases; do
		atf_add_test_case "$c"
	done
}
