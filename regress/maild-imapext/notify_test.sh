# NOTIFY against a whole daemon: the cases are in notify.py.
. "$(atf_get_srcdir)/../site.sh"

notify_case()
{
	atf_test_case "$1" cleanup
	eval "
	$1_head() { atf_set require.progs 'python3 openssl'; }
	$1_body()
	{
		site_new two@example.test
		site_start
		atf_check env PYTHONPATH=\"\$(atf_get_srcdir)/../maild-imap\" \\
		    python3 \"\$(atf_get_srcdir)/notify.py\" $1
		atf_check test -z \\
		    \"\$(grep 'died of\|killed' \"\$site_dir/log\")\"
		site_stop || atf_fail \"it does not end\"
	}
	$1_cleanup() { site_cleanup; }"
}

cases="grammar status selected delayed names readers overflow"
for c in $cases; do
	notify_case "$c"
done

atf_init_test_cases()
{
	for c in $cases; do
		atf_add_test_case "$c"
	done
}
