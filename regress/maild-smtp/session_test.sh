# One SMTP session at a time against a whole daemon.
. "$(atf_get_srcdir)/../site.sh"

# case NAME: a function test_NAME of session.py
session_case()
{
	atf_test_case "$1" cleanup
	eval "
	$1_head() { atf_set require.progs 'python3 openssl'; }
	$1_body()
	{
		site_new two@example.test
		echo 'group@example.test: you@example.test, two@example.test' \
		    >>\"\$site_dir/aliases\"
		[ $1 != harvest ] || site_conf 'limits { errors 8 }'
		[ $1 != slow ] || site_conf 'limits { smtp-timeout 3s }'
		site_start
		atf_check python3 \"\$(atf_get_srcdir)/session.py\" $1
		atf_check test -z \"\$(grep 'died of' \"\$site_dir/log\")\"
		site_stop || atf_fail \"it does not end\"
	}
	$1_cleanup() { site_cleanup; }"
}

session_cases="order pipelining bdat smuggling size lines errors_end_it lmtp
    harvest
    addresses auth_broken_off slow"
for c in $session_cases; do
	session_case "$c"
done

atf_init_test_cases()
{
	for c in $session_cases; do
		atf_add_test_case "$c"
	done
}
