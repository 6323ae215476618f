# The power fails.  CRASH_SEED, CRASH_SAMPLES (40): which instants, how many.

# power ARGUMENT ...
power() {
	here=$(cd "$(atf_get_srcdir)" && pwd)
	top=$(cd "$here/../.." && pwd)
	work=$(pwd)
	grep -q -e -fsanitize "$top/config.mk" &&
	    atf_skip "a sanitizer bears no library before its own"
	chmod 755 "$work"
	. "$here/ports.sh"
	base=$(free_base)
	maild=$top/usr.sbin/maild/maild
	mailctl=$top/usr.sbin/mailctl/mailctl
	maild_conf="relay to any via 127.0.0.1 port $((base + 1))
	trust 127.0.0.1/32"
	. "$top/regress/bench/servers.sh"
	cert "$work"
	maild_setup 6 || atf_fail "no site"
	echo "CRASH_SEED=${CRASH_SEED:=$(date +%s)}"
	if ! python3 -B "$here/powerloss.py" --maild "$maild" \
	    --dir "$maild_dir" --smtp $((base + 25)) \
	    --imap $((base + 143)) --seed "$CRASH_SEED" "$@"; then
		tail -n 60 "$maild_dir/log"
		atf_fail "see above"
	fi
}

atf_test_case samples
samples_head() {
	atf_set descr "instants of a busy run, with what was not flushed lost"
	atf_set require.progs "python3 openssl"
	atf_set timeout 900
}
samples_body() {
	power --rounds 40 --samples "${CRASH_SAMPLES:-40}" --starts 2
}

atf_test_case prefixes
prefixes_head() {
	atf_set descr "each instant of a short run"
	atf_set require.progs "python3 openssl"
	atf_set timeout 900
}
prefixes_body() {
	power --rounds 2 --all
}

atf_init_test_cases() {
	atf_add_test_case samples
	atf_add_test_case prefixes
}
