# Shared mailboxes against a whole daemon: the cases are in shared.py.
. "$(atf_get_srcdir)/../site.sh"

# Groups, one in another; and an account with little room.
shared_new()
{
	site_new two@example.test three@example.test
	site_ctl alias add team@example.test two@example.test >/dev/null
	site_ctl alias add all@example.test team@example.test \
	    three@example.test >/dev/null
	sed -i 's/^three@.*/&:messages=8/' "$site_dir/accounts"
	site_start
}

shared_run()
{
	atf_check env PYTHONPATH="$(atf_get_srcdir)/../maild-imap" \
	    python3 "$(atf_get_srcdir)/shared.py" "$1"
}

shared_end()
{
	atf_check test -z "$(grep 'died of\|killed' "$site_dir/log")"
	site_stop || atf_fail "it does not end"
}

shared_case()
{
	atf_test_case "$1" cleanup
	eval "
	$1_head() { atf_set require.progs 'python3 openssl'; }
	$1_body() { shared_new; shared_run $1; shared_end; }
	$1_cleanup() { site_cleanup; }"
}

cases="commands names myrights groups seen condstore live rights quota
    metadata search_all"
for c in $cases; do
	shared_case "$c"
done

# The segments alone bring lists of rights and each reader's \Seen back.
atf_test_case rebuilt cleanup
rebuilt_head() { atf_set require.progs 'python3 openssl'; }
rebuilt_body()
{
	shared_new
	shared_run before
	site_stop || atf_fail "it does not end"
	atf_check -o ignore -e ignore "$site_mailctl" -P "$site_dir" \
	    fsck rebuild
	site_start
	shared_run after
	# And after a crash.
	site_kill 'store 1'
	site_wait 'is back, restarts=1'
	shared_run after
	atf_check -o ignore "$site_mailctl" -P "$site_dir" fsck
	site_stop || atf_fail "it does not end"
}
rebuilt_cleanup() { site_cleanup; }

# Who is removed leaves no rights behind for one who gets his name.
atf_test_case removed cleanup
removed_head() { atf_set require.progs 'python3 openssl'; }
removed_body()
{
	shared_new
	shared_run before
	shared_run sharing
	site_ctl alias add team@example.test three@example.test >/dev/null
	site_ctl alias remove team@example.test two@example.test >/dev/null
	atf_check -o ignore "$site_mailctl" -P "$site_dir" account remove \
	    two@example.test purge
	site_ctl account add two@example.test <"$site_dir/password" \
	    >/dev/null || atf_fail "account add"
	shared_run gone
	shared_end
}
removed_cleanup() { site_cleanup; }

atf_init_test_cases()
{
	for c in $cases rebuilt removed; do
		atf_add_test_case "$c"
	done
}
