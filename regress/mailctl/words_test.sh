# The words of the command line: what could stand there, and what may not.

mailctl=$(atf_get_srcdir)/../../usr.sbin/mailctl/mailctl

# lists STATUS PATTERN... -- WORD...: the words fail and standard error has
# each of the patterns
lists()
{
	patterns=
	while [ "$1" != -- ]; do
		patterns="$patterns -e match:$1"
		shift
	done
	shift
	atf_check -s exit:2 $patterns "$mailctl" -P "$PWD" "$@"
}

atf_test_case top
top_body()
{
	lists show queue domain account alias dkim trace log reload stop --
	lists 'frob:.not.known.here' 'show..' 'stop..' -- frob
	lists 'several.words' 'show..' 'stop..' -- s
	atf_check -s exit:2 -e not-match:'queue' "$mailctl" s
	lists 'not.known.here' 'nothing.more' -- reload now
}

atf_test_case each
each_body()
{
	lists queue message status stats sessions -- show
	lists '<id>' -- show message
	lists 'not.the.id' '<id>' -- show message 123
	lists 'from' 'to' 'older' 'nothing.more' -- show queue now
	lists '<address>' -- show queue from
	lists 'neither.an.address' -- show queue from you
	lists '<time>' -- sh q older
	lists 'not.a.time' -- show queue older soon
	lists 'not.a.time' -- show queue older 4x
	lists 'not.a.time' -- show queue older 99999999999w
	lists 'second.time' -- show queue older 4h older 1d
	lists 'second.time' -- show queue from a@b.example from c@d.example
	lists retry hold release remove bounce -- queue
	lists all '<id>' -- queue hold
	lists '<id>' -- queue hold maybe
	lists add remove list -- domain
	lists 'not.the.name.of.a.domain' -- domain add 'a b'
	lists alias-of catch-all -- domain add example.org plus
	lists add remove passwd list -- account
	lists 'not.an.address' -- account add you
	lists quota messages name hashed -- account add you@example.org x
	lists 'not.a.size' -- account add you@example.org quota much
	lists 'quote.or.a.control' -- account add you@example.org name 'a"b'
	lists usage -- account list all
	lists purge -- account remove you@example.org now
	lists add remove list -- alias
	lists 'neither.an.address' -- alias add 'a b'
	lists '<member>' -- alias add info@example.org
	lists 'neither.an.address' -- alias add info@example.org you
	lists add -- dkim
	lists selector algorithm -- dkim add example.org now
	lists 'neither.rsa' -- dkim add example.org algorithm dsa
	lists 'not.one.label' -- dkim add example.org selector a.b
	lists verbose brief -- log
	lists '<address>' -- trace
	lists 'neither.an.address' -- trace you
}

# What is spelled out is never ambiguous; an argument is taken when no word is
# meant.
atf_test_case prefixes
prefixes_body()
{
	: >maild.conf
	for w in "show queue" "sh qu" "queue retry all" "q ret all" \
	    "show status" "q remove a to @example.org older 1d12h from <>" \
	    "tr you@example.org" "log v" "rel" "stop"; do
		atf_check -s exit:1 -e match:"maild does not run" \
		    "$mailctl" -P "$PWD" $w
	done
	atf_check -s exit:2 -e match:"several words" "$mailctl" show stat
}

atf_test_case options
options_body()
{
	atf_check -s exit:2 -e match:usage: "$mailctl" -x
	atf_check -s exit:2 -e match:usage: "$mailctl" -D novalue show queue
	# Who names a file means it.
	atf_check -s exit:1 -e match:"nowhere: No such file" \
	    "$mailctl" -f nowhere show queue
	atf_check -s exit:1 -e match:"maild.conf: No such file" \
	    "$mailctl" -P "$PWD" domain list
}

atf_init_test_cases()
{
	atf_add_test_case top
	atf_add_test_case each
	atf_add_test_case prefixes
	atf_add_test_case options
}
