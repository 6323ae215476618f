# Damaged sessions against a whole daemon.  DAEMON_SECONDS (0: a few batches),
# DAEMON_SEED: for how long and from where; DAEMON_REPLAY: a saved batch.
. "$(atf_get_srcdir)/../site.sh"

fuzz_case()
{
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr 'damaged sessions do not end or swell maild'
		atf_set require.progs 'python3 openssl'
		atf_set timeout 86400
	}
	$1_cleanup() { site_cleanup; }
	$1_body() { fuzz $1; }"
}

fuzz()
{
	site_new
	site_conf "auth cleartext allowed"
	site_conf "limits { errors 1000 auth-failures 1000 }"
	site_start
	seconds=${DAEMON_SECONDS:-0}
	set -- --dir "$site_dir" --log "$site_dir/log" \
	    --port smtp=$SITE_SMTP --port submission=$SITE_SUBMISSION \
	    --port imap=$SITE_IMAP --port pop3=$SITE_POP3 \
	    --port control="$(site_control)" --sendmail "$(pwd)/sendmail" \
	    --save "${DAEMON_SAVE:-$(pwd)/found}" --seed "${DAEMON_SEED:-1}" \
	    ${DAEMON_REPLAY:+--replay "$DAEMON_REPLAY"} "$@"
	ln -s "$site_mailctl" sendmail
	[ "$seconds" -gt 0 ] && set -- "$@" --seconds "$seconds" ||
	    set -- "$@" --batches "${DAEMON_BATCHES:-4}" --batch 25
	python3 -B "$(atf_get_srcdir)/daemon.py" "$@" ||
	    atf_fail "see what it said"
	site_stop || atf_fail "it does not end"
	if grep -e Sanitizer -e 'runtime error' "$site_dir/log"; then
		atf_fail "a sanitizer complains at the end"
	fi
}

# Where mailctl talks to it.
site_control()
{
	find "$site_dir" -name control.sock
}

atf_test_case found cleanup
found_head()
{
	atf_set descr "what was found once stays found"
	atf_set require.progs "python3 openssl"
	atf_set timeout 3600
}
found_cleanup() { site_cleanup; }
found_body()
{
	site_new
	site_conf "auth cleartext allowed"
	site_start
	for file in "$(atf_get_srcdir)"/corpus/daemon/*; do
		python3 -B "$(atf_get_srcdir)/daemon.py" --dir "$site_dir" \
		    --log "$site_dir/log" --port smtp=$SITE_SMTP \
		    --port submission=$SITE_SUBMISSION \
		    --port imap=$SITE_IMAP --port pop3=$SITE_POP3 \
		    --replay "$file" || atf_fail "$file"
	done
	site_stop || atf_fail "it does not end"
}

kinds="smtp submission lmtp sendmail imap pop3 control"
for kind in $kinds; do
	fuzz_case $kind
done

atf_init_test_cases()
{
	atf_add_test_case found
	for kind in $kinds; do
		atf_add_test_case $kind
	done
}
