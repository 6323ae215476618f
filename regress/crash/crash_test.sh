# kill -9 under load.  CRASH_ROUNDS (8), CRASH_SEED: how often, and when.

site() {
	here=$(cd "$(atf_get_srcdir)" && pwd)
	top=$(cd "$here/../.." && pwd)
	work=$(pwd)
	chmod 755 "$work"
	. "$here/ports.sh"
	base=$(free_base)
	maild=$top/usr.sbin/maild/maild
	mailctl=$top/usr.sbin/mailctl/mailctl
	. "$top/regress/bench/servers.sh"
	cert "$work"
	maild_setup 10 || atf_fail "no site"
}

# crash ROUNDS WHAT ...
crash() {
	rounds=$1
	shift
	echo "CRASH_SEED=${CRASH_SEED:=$(date +%s)}"
	if ! python3 -B "$here/crash.py" --maild "$maild" \
	    --bench "$here/../bench" --dir "$maild_dir" \
	    --smtp $((base + 25)) --imap $((base + 143)) \
	    --rounds "$rounds" --seed "$CRASH_SEED" "$@"; then
		tail -n 60 "$maild_dir/log"
		atf_fail "see above"
	fi
}

atf_test_case everything
everything_head() {
	atf_set descr "kill -9 of all processes at any instant loses nothing"
	atf_set require.progs "python3 openssl pgrep"
	atf_set timeout 1800
}
everything_body() {
	site
	crash "${CRASH_ROUNDS:-8}" all
}

atf_test_case workers
workers_head() {
	atf_set descr "smtp, imap, scan and relay are killed: the rest go on"
	atf_set require.progs "python3 openssl pgrep"
	atf_set timeout 300
}
workers_body() {
	site
	crash 1 smtp imap scan relay
}

atf_test_case judges
judges_head() {
	atf_set descr "queue, store, lookup, auth, crypto, control are killed"
	atf_set require.progs "python3 openssl pgrep"
	atf_set timeout 300
}
judges_body() {
	site
	crash 1 queue store lookup auth crypto control
}

atf_init_test_cases() {
	atf_add_test_case everything
	atf_add_test_case workers
	atf_add_test_case judges
}
