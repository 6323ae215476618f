# A worker in an enemy's hands: see captive.h.  CAPTIVE_STRIDE (40): of what
# must end the captive one in so many is sent, 1 is all; CAPTIVE_SECONDS.
. "$(atf_get_srcdir)/../site.sh"

captive_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr 'a captive $1 harms nobody'
		atf_set require.progs 'python3 openssl'
		atf_set timeout 7200
	}
	$1_cleanup() { site_cleanup; }
	$1_body() { captive $1; }"
}

captive()
{
	site_maild=$(cd "$(atf_get_srcdir)" && pwd)/maild-captive
	CAPTIVE=$1
	CAPTIVE_STATE=$(pwd)/state
	export CAPTIVE CAPTIVE_STATE
	dd if=/dev/zero of="$CAPTIVE_STATE" bs=4096 count=1 2>/dev/null
	# Until the victim's session is there it has nothing to do.
	printf '\001' | dd of="$CAPTIVE_STATE" bs=1 seek=8 conv=notrunc \
	    2>/dev/null
	site_new attacker@example.test victim@example.test \
	    other@example.test
	site_conf "auth cleartext allowed"
	site_conf "processes $1 2"
	site_start
	python3 -B "$(atf_get_srcdir)/captive.py" --dir "$site_dir" \
	    --log "$site_dir/log" --state "$CAPTIVE_STATE" --role $1 \
	    --smtp $SITE_SMTP --imap $SITE_IMAP \
	    --stride "${CAPTIVE_STRIDE:-40}" \
	    --seconds "${CAPTIVE_SECONDS:-600}" ||
	    atf_fail "see the lines above"
	site_stop || atf_fail "it does not end"
}

for role in smtp imap scan; do
	captive_case $role
done

atf_init_test_cases()
{
	for role in smtp imap scan; do
		atf_add_test_case $role
	done
}
