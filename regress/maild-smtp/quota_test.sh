# Who has no room is told so at RCPT, whatever has used it up.
. "$(atf_get_srcdir)/../site.sh"

# case NAME: a function test_NAME of quota.py
quota_case()
{
	atf_test_case "$1" cleanup
	eval "
	$1_head() { atf_set require.progs 'python3 openssl pgrep'; }
	$1_body()
	{
		site_new small@example.test few@example.test
		sed -i -e 's/^small@.*/&:quota=20K/' \
		    -e 's/^few@.*/&:messages=2/' \"\$site_dir/accounts\"
		cat >>\"\$site_dir/aliases\" <<-ALIASES
		group@example.test: small@example.test, you@example.test
		alone@example.test: small@example.test
		ALIASES
		site_start
		atf_check python3 \"\$(atf_get_srcdir)/quota.py\" $1
		site_stop || atf_fail \"it does not end\"
	}
	$1_cleanup() { site_cleanup; }"
}

quota_cases="announced lmtp append kill reload"
for c in $quota_cases; do
	quota_case "$c"
done

atf_init_test_cases()
{
	for c in $quota_cases; do
		atf_add_test_case "$c"
	done
}
