# What each process may do, from the outside: user, root, sandbox, keys.
. "$(atf_get_srcdir)/../site.sh"

children="control smtp relay imap queue store lookup auth crypto scan"

field()
{
	awk -v f="$2:" '$1 == f { print $2 }' "/proc/$1/status"
}

atf_test_case confined cleanup
confined_head()
{
	atf_set descr "uid, no_new_privs, seccomp and root of each process"
	atf_set require.user root
	atf_set require.progs "openssl pgrep"
}
confined_body()
{
	site_new
	site_start
	for name in $children; do
		pid=$(site_child "$name 1")
		test -n "$pid" || atf_fail "no process $name"
		test "$(field $pid Uid)" -ne 0 || atf_fail "$name is root"
		test "$(field $pid Gid)" -ne 0 || atf_fail "$name is wheel"
		test "$(field $pid NoNewPrivs)" -eq 1 ||
		    atf_fail "$name may gain privileges"
		test "$(field $pid Seccomp)" -eq 2 ||
		    atf_fail "$name has no filter"
		test "$(field $pid CapEff)" = 0000000000000000 ||
		    atf_fail "$name has capabilities"
		case $name in
		queue)	want=_mailq root=$site_dir/spool ;;
		store)	want=_mails root=$site_dir/store ;;
		auth|crypto) want=_maildk root=$site_dir/empty ;;
		*)	want=_maild root=$site_dir/empty ;;
		esac
		test "$(field $pid Uid)" -eq "$(id -u $want)" ||
		    atf_fail "$name is not $want"
		test "$(readlink /proc/$pid/root)" = "$root" ||
		    atf_fail "$name: root $(readlink /proc/$pid/root)"
	done
	atf_check -o empty ls "$site_dir/empty"
}
confined_cleanup()
{
	site_cleanup
}

# Which kinds of descriptors a process has, besides sockets and pipes.
files_of()
{
	for fd in /proc/$1/fd/*; do
		readlink "$fd"
	done | grep -vE '^(socket|pipe|anon_inode):|^/dev/null$' || :
}

atf_test_case descriptors cleanup
descriptors_head()
{
	atf_set descr "no listener and no file that a role does not need"
	atf_set require.user root
	atf_set require.progs "openssl pgrep ss"
}
descriptors_body()
{
	site_new
	site_start
	ss -Hltnp >listeners
	for name in $children; do
		pid=$(site_child "$name 1")
		case $name in
		smtp|imap) ;;
		*)	if grep -q "pid=$pid," listeners; then
				atf_fail "$name listens"
			fi ;;
		esac
		case $name in
		queue|store) ;;
		*)	files_of $pid | grep -v '^/memfd:' >files || :
			test ! -s files ||
			    atf_fail "$name has $(cat files)" ;;
		esac
	done
}
descriptors_cleanup()
{
	site_cleanup
}

keys_in_crypto_only()
{
	keys=$1
	all="$(cat "$site_dir/test-pid") $(pgrep -P \
	    "$(cat "$site_dir/test-pid")")"
	python3 "$(atf_get_srcdir)/keyscan.py" "$keys" $all >holders ||
	    atf_fail "keyscan"
	echo "$(site_child "crypto 1")" >want
	cmp -s want holders || atf_fail "keys are in: $(ps -o pid,args -p \
	    "$(tr '\n' ',' <holders)0")"
}

atf_test_case keys cleanup
keys_head()
{
	atf_set descr "private keys are in crypto's memory and in no other"
	atf_set require.user root
	atf_set require.progs "openssl pgrep python3"
}
keys_body()
{
	site_new
	openssl req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=rsa.zz \
	    -keyout "$site_dir/rsa.key" -out "$site_dir/rsa.pem" 2>/dev/null
	chmod 600 "$site_dir/rsa.key"
	site_conf "certificate rsa.zz cert \"$site_dir/rsa.pem\"" \
	    "key \"$site_dir/rsa.key\""
	site_start
	"$site_mailctl" -P "$site_dir" dkim add example.test >record ||
	    atf_fail "dkim add"
	"$site_mailctl" -P "$site_dir" reload || atf_fail reload
	# Use them, so that whoever computes with them has them.
	for name in mail.example.test rsa.zz; do
		for port in $SITE_SUBMISSIONS $SITE_IMAPS; do
			echo QUIT | timeout 5 openssl s_client -quiet \
			    -servername $name -connect 127.0.0.1:$port \
			    >/dev/null 2>&1
		done
	done
	dkim=$(ls "$site_dir"/dkim/*.key)
	keys_in_crypto_only "$site_dir/key.pem,$site_dir/rsa.key,$dkim"
}
keys_cleanup()
{
	site_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case confined
	atf_add_test_case descriptors
	atf_add_test_case keys
}
