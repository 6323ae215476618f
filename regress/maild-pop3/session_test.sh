# POP3 sessions against a whole daemon.
. "$(atf_get_srcdir)/../site.sh"

pop3_py()
{
	python3 "$(atf_get_srcdir)/session.py" "$@"
}

# case NAME [LINE...]: a function test_NAME of session.py, on a site with
# these lines in its configuration.
session_case()
{
	name=$1
	shift
	conf=
	for line; do
		conf="$conf site_conf '$line';"
	done
	session_cases="$session_cases $name"
	atf_test_case "$name" cleanup
	eval "
	${name}_head() { atf_set require.progs 'python3 openssl'; }
	${name}_body()
	{
		site_new two@example.test
		$conf
		site_start
		atf_check -e ignore python3 \
		    \"\$(atf_get_srcdir)/session.py\" $name
		atf_check test -z \"\$(grep 'died of' \"\$site_dir/log\")\"
		site_stop || atf_fail 'it does not end'
	}
	${name}_cleanup() { site_cleanup; }"
}

session_cases=
session_case login 'limits { auth-failures 3 }'
session_case auth
session_case cleartext 'auth cleartext allowed'
session_case maildrop
session_case seen
session_case no_quit 'auth cleartext allowed'
session_case pipelining
session_case malformed
session_case two
session_case thousand
session_case big
session_case bare_lines
session_case languages
session_case utf8
session_case delay 'limits { pop3-login-delay 1h }'
session_case in_use 'limits { sessions-per-account 2 }'

# case NAME PROCESS: it is killed when session.py says so.
death_case()
{
	name=$1
	session_cases="$session_cases $name"
	atf_test_case "$name" cleanup
	eval "
	${name}_head() { atf_set require.progs 'python3 openssl pgrep'; }
	${name}_body()
	{
		site_new
		site_start
		mkfifo go said
		pop3_py $name <go >said &
		pid=\$!
		exec 3>go 4<said
		read -r what <&4
		atf_check_equal 'kill $2' \"\$what\"
		site_kill '$2 1'
		site_wait 'is back, restarts=1'
		echo done >&3
		wait \$pid || atf_fail '$name'
		site_stop || atf_fail 'it does not end'
	}
	${name}_cleanup() { site_cleanup; }"
}

death_case store_dies store
death_case auth_dies auth

atf_init_test_cases()
{
	for c in $session_cases; do
		atf_add_test_case "$c"
	done
}
