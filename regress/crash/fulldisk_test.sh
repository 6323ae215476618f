# A disk that is full.  The store's is a small memory file system in a mount
# name space of the test's own.

atf_test_case reserve
reserve_head() {
	atf_set descr "below the reserve mail is refused, the rest goes on"
	atf_set require.user root
	atf_set require.progs "python3 openssl unshare"
	atf_set timeout 120
}
reserve_body() {
	run reserve "disk-reserve 8M"
}

atf_test_case enospc
enospc_head() {
	atf_set descr "ENOSPC in the middle is a temporary error, not the end"
	atf_set require.user root
	atf_set require.progs "python3 openssl unshare"
	atf_set timeout 120
}
enospc_body() {
	run enospc "disk-reserve 0
	inode-reserve 0"
}

# run MODE LIMITS
run() {
	here=$(cd "$(atf_get_srcdir)" && pwd)
	top=$(cd "$here/../.." && pwd)
	work=$(pwd)
	chmod 755 "$work"
	. "$here/ports.sh"
	base=$(free_base)
	maild=$top/usr.sbin/maild/maild
	mailctl=$top/usr.sbin/mailctl/mailctl
	maild_conf="limits { $2 }"
	. "$top/regress/bench/servers.sh"
	cert "$work"
	maild_setup 2 || atf_fail "no site"
	mkdir -p "$maild_dir/disk"
	printf 'store directory "%s"\nqueue directory "%s"\n' \
	    "$maild_dir/disk/store" "$maild_dir/disk/spool" \
	    >>"$maild_dir/maild.conf"
	if ! unshare -m sh -c "mount --make-rprivate / &&
	    mount -t tmpfs -o size=400m,mode=755 none '$maild_dir/disk' &&
	    exec python3 -B '$here/fulldisk.py' --maild '$maild' \
	    --dir '$maild_dir' --smtp $((base + 25)) \
	    --imap $((base + 143)) $1"; then
		tail -n 60 "$maild_dir/log"
		atf_fail "see above"
	fi
}

atf_init_test_cases() {
	atf_add_test_case reserve
	atf_add_test_case enospc
}
