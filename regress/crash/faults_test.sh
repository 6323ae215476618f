# Operations fail.  CRASH_SEED; CRASH_EVERY: each which one of them; 1 takes
# its time.

# faults EVERY CASE ...
faults() {
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
	trust 127.0.0.1/32
	processes smtp 1
	processes imap 1
	processes scan 1"
	. "$top/regress/bench/servers.sh"
	cert "$work"
	maild_setup 6 || atf_fail "no site"
	every=${CRASH_EVERY:-$1}
	shift
	echo "CRASH_SEED=${CRASH_SEED:=$(date +%s)}"
	if ! python3 -B "$here/faults.py" --maild "$maild" \
	    --mailctl "$mailctl" --dir "$maild_dir" \
	    --smtp $((base + 25)) --imap $((base + 143)) \
	    --seed "$CRASH_SEED" --every "$every" "$@"; then
		tail -n 60 "$maild_dir/log"
		atf_fail "see above"
	fi
}

head() {
	atf_set descr "$1"
	atf_set require.progs "python3 openssl"
	atf_set timeout 1800
}

atf_test_case files
files_head() {
	head "EIO and ENOSPC at each n-th change of a file"
}
files_body() {
	faults 3 store:eio store:enospc queue:eio queue:enospc
}

atf_test_case reads
reads_head() {
	head "EIO at each n-th read of a file"
}
reads_body() {
	faults 1 store:read queue:read
}

atf_test_case dead
dead_head() {
	head "a disk that takes nothing any more, for a while"
}
dead_body() {
	faults 12 store:dead queue:dead
}

atf_test_case memory
memory_head() {
	head "memory is refused to each process"
}
memory_body() {
	faults 4 store:memory queue:memory smtp:memory imap:memory \
	    lookup:memory auth:memory crypto:memory scan:memory \
	    control:memory relay:memory
}

atf_test_case clock
clock_head() {
	head "the time of day jumps forth and back by hours"
}
clock_body() {
	faults 1 clock
}

atf_init_test_cases() {
	atf_add_test_case files
	atf_add_test_case reads
	atf_add_test_case dead
	atf_add_test_case memory
	atf_add_test_case clock
}
