# Cases of mail that is read.  Read by ./run: case_NAME CASE SERVER.

case_login() {
	up "$2" 100 || return
	rate "$1" "$2" "$("$here/imapload" -c "$(field 2 "$1")" -n 4000 \
	    -U u%u@example.test -u 100 -A 4 login "$(target "$2" imap)")"
}

case_logintls() {
	up "$2" 100 || return
	rate "$1" "$2" "$("$here/imapload" -X -c "$(field 2 "$1")" -n 2000 \
	    -U u%u@example.test -u 100 -A 4 login "$(target "$2" imaps)")"
}

case_handshake() {
	up "$2" 1 || return
	rate "$1" "$2" "$("$here/imapload" -X -c "$(field 2 "$1")" -n 3000 \
	    -A 4 handshake "$(target "$2" imaps)")"
}

case_resume() {
	up "$2" 1 || return
	rate "$1" "$2" "$("$here/imapload" -XR -c "$(field 2 "$1")" -n 3000 \
	    -A 4 handshake "$(target "$2" imaps)")"
}

case_append() {
	dovecot_format=sdbox
	up "$2" 10 || return
	rate "$1" "$2" "$("$here/imapload" -c "$(field 2 "$1")" \
	    -n "$(count "$2")" -U u%u@example.test -u 10 append \
	    "$(target "$2" imap)")"
	dovecot_format=
}

# fill SERVER COUNT [MAILBOXES [SIZE]]
fill() {
	case $1 in
	maild)	_lmtp=$maild_dir/lmtp.sock ;;
	*)	_lmtp=$peer_lmtp ;;
	esac
	"$here/smtpload" -L -c 10 -n "$2" -s "${4:-4k}" -t u%u@example.test \
	    -u "${3:-1}" -S "$seed" "$_lmtp" >/dev/null
}

# measured CASE SERVER: what imapload's run says, as milliseconds
measured() {
	while read -r _line; do
		_cmd=${_line#*command=}
		result "$1 $_cmd" "$2" "$(value p50_us "$_line" |
		    awk '{ printf("%.2f\n", $1 / 1000) }')" ms
		case $_cmd in
		*ENVELOPE*)
			result "$1 first $_cmd" "$2" \
			    "$(value first_us "$_line" |
			    awk '{ printf("%.2f\n", $1 / 1000) }')" ms ;;
		esac
	done
}

case_imap() {
	up "$2" 1 && fill "$2" "$(field 2 "$1")" || return
	"$here/imapload" -n 5 -U u0@example.test run "$(target "$2" imap)" \
	    'SELECT INBOX' \
	    'FETCH 1:* (UID FLAGS)' \
	    'FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE)' \
	    'FETCH 1:* (BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])' \
	    'FETCH 1:* BODY.PEEK[]' \
	    'STORE 1:* +FLAGS.SILENT (\Flagged)' \
	    'STORE 1:* -FLAGS.SILENT (\Flagged)' \
	    'SEARCH SUBJECT "message 77"' \
	    'SEARCH TEXT "nowhere to be found"' \
	    'SEARCH UNSEEN' \
	    'STATUS INBOX (MESSAGES UNSEEN UIDNEXT)' |
	    measured "$1" "$2"
}

case_pop3() {
	up "$2" 1 && fill "$2" "$(field 2 "$1")" || return
	rate "$1" "$2" "$("$here/pop3load" -n 3 -U u0@example.test \
	    "$(target "$2" pop3)")"
}

case_wake() {
	up "$2" 1 || return
	_line=$("$here/imapload" -c "$(field 2 "$1")" -n 5 -A 20 \
	    -U u0@example.test wake "$(target "$2" imap)")
	[ -z "$_line" ] || result "$1" "$2" "$(value last_us "$_line" |
	    awk '{ printf("%.1f\n", $1 / 1000) }')" ms
}

# idle_sessions CASE SERVER TARGET [-X]
idle_sessions() {
	_n=$(field 2 "$1")
	# Its sessions are processes: some of them tell enough.
	[ "$2" = maild ] || [ "$_n" -le 1000 ] || _n=1000
	_before=$(pss $("$2_root"))
	: >"$work/idle"
	"$here/imapload" ${4:-} -A 50 -c $_n -j 50 -U u%u@example.test -u 100 \
	    idle "$3" >"$work/idle" &
	aux=$!
	if wait_for 300 grep ready "$work/idle"; then
		sleep 2
		result "$1" "$2" "$(echo "$(pss $("$2_root")) $_before $_n" |
		    awk '{ printf("%.2f\n", ($1 - $2) / $3) }')" KB
	fi
	kill $aux
	wait $aux 2>/dev/null
	aux=
}

case_idle() {
	up "$2" 100 && idle_sessions "$1" "$2" "$(target "$2" imap)"
}

case_idletls() {
	up "$2" 100 && idle_sessions "$1" "$2" "$(target "$2" imaps)" -X
}

case_import() {
	_n=$(field 2 "$1")
	"$here/mkmaildir" -n "$_n" -S "$seed" "$work/import.$_n" || return
	dovecot_format=sdbox
	if up "$2" 1; then
		_t=$(now)
		case $2 in
		maild)
			"$mailctl" -P "$maild_dir" import maildir \
			    "$work/import.$_n" u0@example.test >&2 ;;
		*)
			chown -R nobody "$work/import.$_n"
			doveadm -c "$dovecot_dir/dovecot.conf" import \
			    -u u0@example.test "maildir:$work/import.$_n" \
			    "" ALL >&2 ;;
		esac && result "$1" "$2" "$(since "$_t" "$_n")" /s
	fi
	dovecot_format=
}
