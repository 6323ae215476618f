# Every fuzz target over its corpus: what once was found stays found.  Targets
# are built next to the tests of their library, as fuzz_NAME; the corpus is
# the folder corpus/NAME here, and may be missing.

tree_head() { :; }
tree_body()
{
	atf_check -o ignore ls "$(atf_get_srcdir)/main.c"
}

run_target()
{
	target=$1
	corpus=$(atf_get_srcdir)/corpus/${target##*/fuzz_}
	set -- "$target"
	[ ! -d "$corpus" ] || set -- "$target" "$corpus"
	atf_check -o match:"^[0-9]+ inputs$" -e ignore "$@"
}

atf_init_test_cases()
{
	# Kyua takes a program without any test for a broken one.
	atf_add_test_case tree
	for target in "$(atf_get_srcdir)"/../*/fuzz_*; do
		[ -f "$target" ] && [ -x "$target" ] || continue
		name=${target##*/}
		eval "${name}_body() { run_target '$target'; }"
		eval "${name}_head() { :; }"
		atf_add_test_case "$name"
	done
}
