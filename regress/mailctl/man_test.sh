# Manual pages: no complaint of mandoc, and examples in each.

man=$(atf_get_srcdir)/../../share/man

atf_test_case lint
lint_head()
{
	atf_set require.progs mandoc
}
lint_body()
{
	for f in "$man"/man[1-9]/*.[1-9]; do
		# Pages of ours that are not installed here are no fault.
		atf_check -s ignore -o save:out mandoc -T lint -W warning "$f"
		atf_check -o empty cat out
	done
}

atf_test_case complete
complete_body()
{
	for f in man8/maild.8 man5/maild.conf.5 man8/mailctl.8 man5/tables.5 \
	    man7/maild.7; do
		atf_check -o ignore grep -x '\.Sh EXAMPLES' "$man/$f"
	done
}

# Each word of the command line is in the manual.
atf_test_case words
words_body()
{
	src=$(atf_get_srcdir)/../../usr.sbin/mailctl/words.c
	sed -n -e 's/.*[^T]ACT("\([a-z0-9-]*\)".*/\1/p' \
	    -e 's/.*WORD("\([a-z0-9-]*\)".*/\1/p' \
	    -e 's/.*WORDTAKE("\([a-z0-9-]*\)".*/\1/p' "$src" | sort -u >words
	atf_check test -s words
	while read -r w; do
		atf_check -o ignore grep -w -e "$w" "$man/man8/mailctl.8"
	done <words
}

atf_init_test_cases()
{
	atf_add_test_case lint
	atf_add_test_case complete
	atf_add_test_case words
}
