# IMAP sessions against a whole daemon: the cases are in session.py,
# search.py and random_ops.py.
. "$(atf_get_srcdir)/../site.sh"

# program_case PROGRAM NAME
program_case()
{
	atf_test_case "$2" cleanup
	eval "
	$2_head() { atf_set require.progs 'python3 openssl'; }
	$2_body()
	{
		site_new two@example.test
		site_start
		atf_check python3 \"\$(atf_get_srcdir)/$1.py\" $2
		atf_check test -z \\
		    \"\$(grep 'died of\|killed' \"\$site_dir/log\")\"
		site_stop || atf_fail \"it does not end\"
	}
	$2_cleanup() { site_cleanup; }"
}

session_cases="login mailboxes append fetch seen large store silent expunge
    copy two idle condstore qresync rev2 uidonly compress objects errors
    unauthenticate replace forgotten"
for c in $session_cases; do
	program_case session "$c"
done

search_cases="search result within"
for c in $search_cases; do
	program_case search "$c"
done

atf_test_case random cleanup
random_head()
{
	atf_set descr "five sessions at once, and what each was told"
	atf_set require.progs 'python3 openssl'
}
random_body()
{
	site_new two@example.test
	site_conf "processes imap 2"
	site_start
	for seed in ${SEEDS:-1 2 3}; do
		atf_check python3 "$(atf_get_srcdir)/random_ops.py" $seed \
		    "${STEPS:-2000}"
	done
	atf_check test -z "$(grep 'died of\|killed' "$site_dir/log")"
	site_stop || atf_fail "it does not end"
}
random_cleanup()
{
	site_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case random
	for c in $session_cases $search_cases; do
		atf_add_test_case "$c"
	done
}
