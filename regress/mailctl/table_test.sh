# Changes to tables: what they write, what they refuse, and that nothing is
# half done.

mailctl=$(atf_get_srcdir)/../../usr.sbin/mailctl/mailctl
maild=$(atf_get_srcdir)/../../usr.sbin/maild/maild

site()
{
	cat >maild.conf <<-CONF
	hostname mail.example.org
	CONF
}

ctl()
{
	"$mailctl" -P "$PWD" "$@"
}

# says STATUS PATTERN WORD...: the one line that is written where it belongs
says()
{
	status=$1 pattern=$2
	shift 2
	if [ "$status" -eq 0 ]; then
		atf_check -o match:"$pattern" "$mailctl" -P "$PWD" "$@"
	else
		atf_check -s exit:1 -e match:"$pattern" \
		    "$mailctl" -P "$PWD" "$@"
	fi
}

account()
{
	echo "${2:-secret}" | ctl account add "$1" >/dev/null ||
	    atf_fail "account add $1"
}

atf_test_case domains
domains_body()
{
	site
	says 0 "^example.org added; maild does not run$" \
	    domain add example.org
	account you@example.org
	says 0 "added" domain add example.net alias-of example.org
	says 0 "added" domain add bücher.example catch-all you@example.org
	says 1 "^mailctl: Example.ORG is there already$" \
	    domain add Example.ORG
	says 1 "/domains:4: example.com.example: not one of our domains$" \
	    domain add example.com alias-of example.com.example
	says 1 "no domain other.example" domain remove other.example
	says 1 "/domains:1: example.org: not one of our domains" \
	    domain remove example.org
	says 0 "removed" domain remove EXAMPLE.net
	cat >expected <<-T
	example.org
	bücher.example catch-all you@example.org
	T
	atf_check -o file:expected cat domains
	cat >expected <<-T
	DOMAIN          CATCH-ALL
	example.org     -
	bücher.example  you@example.org
	T
	atf_check -o file:expected "$mailctl" -P "$PWD" domain list
}

atf_test_case accounts
accounts_body()
{
	site
	says 0 added domain add example.org
	account you@example.org
	says 1 "is there already" account add You@example.org <<-P
	secret
	P
	atf_check -o match:"^you@example.org:SCRAM-SHA-256.[0-9]+:.*=:.*=$" \
	    cat accounts
	atf_check -o match:"^600$" stat -c %a accounts
	says 0 "me@example.org added" account add me@example.org \
	    quota 1.5G messages 100 name "Me, Myself" <<-P
	other
	P
	atf_check -o match:":quota=1.5G,messages=100,name=\"Me, Myself\"$" \
	    cat accounts
	cp accounts before
	says 0 "has a new password" account passwd me@example.org <<-P
	third
	P
	atf_check -s exit:1 -o ignore cmp accounts before
	atf_check -o match:":quota=1.5G,messages=100,name=\"Me, Myself\"$" \
	    cat accounts
	says 0 "has a new" account passwd me@example.org hashed <<-'P'
	$2b$04$abcdefghijklmnopqrstuv
	P
	atf_check -o match:'^me@example.org:\$2b\$04\$abc.*:quota' \
	    cat accounts
	says 1 "no secret" account passwd me@example.org hashed <<-P
	a:b
	P
	says 1 "an empty password" account add him@example.org </dev/null
	says 1 "/accounts:3: him@example.com: example.com is not in domains" \
	    account add him@example.com <<-P
	secret
	P
	cat >expected <<-T
	ACCOUNT          STATE    OF  QUOTA  NAME
	you@example.org  active    -      -  -
	me@example.org   active  100   1.5G  Me, Myself
	T
	atf_check -o file:expected "$mailctl" -P "$PWD" account list
	says 0 "removed; its mail is still there" \
	    account remove you@example.org
	atf_check -o not-match:you@ cat accounts
}

# On a terminal it is asked for twice, and not shown.
atf_test_case terminal
terminal_body()
{
	site
	says 0 added domain add example.org
	cat >type.py <<-'P'
	import os, pty, sys
	answers = sys.argv[1].split(",")
	pid, fd = pty.fork()
	if pid == 0:
	  os.execv(sys.argv[2], sys.argv[2:])
	shown = b""
	while True:
	  try:
	    got = os.read(fd, 1024)
	  except OSError:
	    break
	  if not got:
	    break
	  shown += got
	  if shown.endswith(b": ") and answers:
	    os.write(fd, answers.pop(0).encode() + b"\n")
	sys.stdout.buffer.write(shown.replace(b"\r", b""))
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	P
	cat >expected <<-T
	Password of you@example.org:_
	Once more:_
	you@example.org added; maild does not run
	T
	sed -i 's/_$/ /' expected
	atf_check -o file:expected python3 type.py secret,secret \
	    "$mailctl" -P "$PWD" account add you@example.org
	atf_check -s exit:1 -o match:"the two are not the same" \
	    python3 type.py secret,other \
	    "$mailctl" -P "$PWD" account add me@example.org
	atf_check -o inline:"1\n" grep -c SCRAM accounts
}

# Its form is what maild reads (libmailauth has the test of the keys).
atf_test_case accepted
accepted_body()
{
	site
	says 0 added domain add example.org
	account you@example.org
	says 0 added alias add info@example.org you@example.org
	atf_check -e match:"good" "$maild" -n -P "$PWD"
}

atf_test_case aliases
aliases_body()
{
	site
	says 0 added domain add example.org
	account a@example.org
	account b@example.org
	says 0 added alias add info@example.org a@example.org x@far.example
	says 0 added alias add info@example.org b@example.org
	says 1 "a@example.org is already a member of info@example.org" \
	    alias add info@example.org c@far.example a@example.org
	says 1 "/aliases:[0-9]*: c@example.org: no such account" \
	    alias add info@example.org c@example.org
	says 0 added alias add root a@example.org
	says 0 added alias add noreply@example.org discard
	says 1 "loops: " alias add l@example.org l@example.org
	says 0 removed alias remove info@example.org a@example.org
	says 1 "is no member of" alias remove info@example.org a@example.org
	says 1 "/aliases:.*b@example.org" account remove b@example.org
	cat >expected <<-T
	ALIAS                MEMBERS
	info@example.org     x@far.example, b@example.org
	root                 a@example.org
	noreply@example.org  discard
	T
	atf_check -o file:expected "$mailctl" -P "$PWD" alias list
	says 0 removed alias remove info@example.org
	says 1 "no alias info@example.org" alias remove info@example.org
	atf_check -o match:'"members": \[' "$mailctl" -j -P "$PWD" alias list
}

# Comments, order and other lines stay; owner, mode and a link too.
atf_test_case keeps
keeps_body()
{
	site
	mkdir repo
	printf '# ours\n\nexample.org # main\n# others\nexample.net\n' \
	    >repo/domains
	chmod 640 repo/domains
	ln -s repo/domains domains
	says 0 added domain add example.com
	says 0 removed domain remove example.net
	printf '# ours\n\nexample.org # main\n# others\nexample.com\n' \
	    >expected
	atf_check -o file:expected cat repo/domains
	atf_check test -L domains
	atf_check -o inline:"640\n" stat -c %a repo/domains
	atf_check -o inline:"domains\n" ls -A repo
}

# What was bad before is not made good by us, nor is anything lost.
atf_test_case refuses
refuses_body()
{
	site
	echo "example.org" >domains
	echo "nonsense" >accounts
	cp accounts before
	atf_check -s exit:1 -e match:"/accounts:1: nonsense: no colon" \
	    -e match:"had errors before" -e match:"nothing was changed" \
	    "$mailctl" -P "$PWD" domain add example.net
	atf_check cmp accounts before
	atf_check -o inline:"example.org\n" cat domains
	atf_check -s exit:1 -o match:'"ok": false' \
	    -o match:'accounts:1: nonsense' \
	    "$mailctl" -j -P "$PWD" domain add example.net
	# An editor's way out.
	: >accounts
	says 0 added domain add example.net
}

# A directory that cannot be written to: the old table stays, whole.
atf_test_case atomic
atomic_head()
{
	atf_set require.user unprivileged
}
atomic_body()
{
	mkdir etc
	echo 'hostname mail.example.org' >etc/maild.conf
	echo example.org >etc/domains
	: >etc/accounts
	chmod 500 etc
	atf_check -s exit:1 -e match:"Permission denied" \
	    "$mailctl" -P "$PWD/etc" domain add example.net
	chmod 700 etc
	atf_check -o inline:"example.org\n" cat etc/domains
	atf_check -o inline:"accounts\ndomains\nmaild.conf\n" ls -A etc
}

# Twenty at once: all are there, and no file is left over.
atf_test_case concurrent
concurrent_body()
{
	site
	says 0 added domain add example.org
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ctl domain add d$i.example >/dev/null 2>>errors &
		echo p | ctl account add u$i@example.org >/dev/null \
		    2>>errors &
	done
	wait
	atf_check cat errors
	atf_check -o inline:"11\n" grep -c . domains
	atf_check -o inline:"10\n" grep -c SCRAM accounts
	left=$(ls -A | tr '\n' ' ')
	atf_check_equal "accounts domains errors maild.conf " "$left"
}

# Where the tables are is for the configuration to say.
atf_test_case paths
paths_body()
{
	mkdir sub
	cat >maild.conf <<-'CONF'
	# table domains "no"
	where = "sub/d"
	hostname 'mail.example.org'
	limits {
		sessions 10
	}
	include "sub/more.conf"
	subaddress \
	    none
	CONF
	echo 'table domains $where' >sub/more.conf
	echo 'table aliases "a b"' >>sub/more.conf
	# From the file that says so, and that is sub/more.conf.
	says 1 "sub/sub/d" domain add example.org
	mkdir sub/sub
	says 0 added domain add example.org
	atf_check -o inline:"example.org\n" cat sub/sub/d
	says 0 added alias add x@example.org y@far.example
	atf_check test -f "sub/a b"
	# A sub-address is no account when there are none.
	account you@example.org
	says 1 "no such account" alias add z@example.org you+x@example.org
	# And maild agrees.
	atf_check -o match:"^table domains \"$PWD/sub/sub/d\"$" \
	    -o match:"^table aliases \"$PWD/sub/a b\"$" \
	    "$maild" -nv -P "$PWD"
	# -D is as maild's.
	mkdir other
	cp sub/sub/d other/d
	atf_check -o ignore "$mailctl" -P "$PWD" -D where=../other/d \
	    domain add example.net
	atf_check -o inline:"example.org\nexample.net\n" cat other/d
}

atf_init_test_cases()
{
	atf_add_test_case domains
	atf_add_test_case accounts
	atf_add_test_case terminal
	atf_add_test_case accepted
	atf_add_test_case aliases
	atf_add_test_case keeps
	atf_add_test_case refuses
	atf_add_test_case atomic
	atf_add_test_case concurrent
	atf_add_test_case paths
}
