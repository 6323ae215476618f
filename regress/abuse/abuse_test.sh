# Attackers, and a victim whose sessions go on.  One case for each attack of
# attacks.py.  ABUSE_SIZE (1), ABUSE_SECONDS (2): how many, and how long.
. "$(atf_get_srcdir)/../site.sh"
. "$(atf_get_srcdir)/site_abuse.sh"

attack_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set require.progs 'python3 openssl nice'
		atf_set timeout 900
	}
	$1_cleanup() { site_cleanup; }
	$1_body() {
		abuse_site
		abuse --size ${ABUSE_SIZE:-1} --seconds ${ABUSE_SECONDS:-2} \
		    $1 || atf_fail 'see the lines above'
		site_stop || atf_fail 'it does not end'
	}"
}

attacks=$(cd "$(atf_get_srcdir)" && python3 -B -c '
import attacks
print(*[a.__name__ for a in attacks.ALL])')
for name in $attacks; do
	attack_case $name
done

atf_init_test_cases()
{
	for name in $attacks; do
		atf_add_test_case $name
	done
}
