# Extensions of IMAP against a whole daemon: the cases are in the *.py files.
. "$(atf_get_srcdir)/../site.sh"

# program_case PROGRAM NAME [what is done to the site before it starts]
program_case()
{
	all_cases="$all_cases $2"
	atf_test_case "$2" cleanup
	eval "
	$2_head() { atf_set require.progs 'python3 openssl pgrep'; }
	$2_body()
	{
		site_new two@example.test small@example.test
		$3
		site_start
		atf_check env PYTHONPATH=\"\$(atf_get_srcdir)/../maild-imap\" \\
		    python3 \"\$(atf_get_srcdir)/$1.py\" $2
		atf_check test -z \\
		    \"\$(grep 'died of\|killed' \"\$site_dir/log\")\"
		site_stop || atf_fail \"it does not end\"
	}
	$2_cleanup() { site_cleanup; }"
}

sort_cases="sort esort display thread changing"
for c in $sort_cases; do
	program_case sort "$c"
done
metadata_cases="mailbox_annotations depth limits server_annotations special
    list_metadata quota"
for c in $metadata_cases; do
	program_case metadata "$c"
done
replace_cases="concurrent_replace replace_forms"
for c in $replace_cases; do
	program_case replace "$c"
done
context_cases="context_search context_numbers context_sort context_idle
    context_limits"
for c in $context_cases; do
	program_case context "$c"
done
esearch_cases="multisearch multisearch_options multisearch_turns"
for c in $esearch_cases; do
	program_case esearch "$c"
done
program_case progress inprogress "site_conf limits { imap-progress 1s }"
program_case progress search_turns
program_case fields fields
program_case many many
program_case many many_condstore
for c in uidbatches language filters savelimit; do
	program_case limits "$c"
done
program_case limits messagelimit "site_conf limits { imap-messages 5 }"
program_case limits savelimit_low "site_conf limits { imap-save 3 }"
for c in catenate catenate_bad catenate_more genurlauth urlfetch; do
	program_case url "$c"
done
small_account()
{
	sed -i 's/^small@.*/&:quota=128K/' "$site_dir/accounts"
}
program_case replace replace_quota small_account
full_account()
{
	sed -i 's/^small@.*/&:quota=1000K/' "$site_dir/accounts"
}
program_case copy copy_gaps
program_case large large_search "site_conf limits { message-size 60M }"
program_case copy copy_quota full_account
program_case replace replace_nul "site_conf limits { message-size 64K }"

atf_init_test_cases()
{
	for c in $all_cases; do
		atf_add_test_case "$c"
	done
}
