# What it costs when there is much already.  Read by ./run.

# delivered SERVER COUNT: so many are in mailboxes, of what came by Postfix;
# the others' answers say that already
delivered() {
	[ "$1" != postfix ] || [ "$(find "$dovecot_dir/mail" \
	    -path '*/new/*' -type f | wc -l)" -ge "$2" ] ||
	    { sleep 0.05; false; }
}

# start_again CASE SERVER HAVE: how long until it is there, and until mail is
start_again() {
	"$2_stop"
	_t=$(now)
	"$2_start" || return
	result "$1 start" "$2" "$(ms_since "$_t")" ms
	case $2 in
	dovecot)	fill dovecot 1 ;;
	*)		"$here/smtpload" -c 1 -n 1 -t u%u@example.test \
			    -S "$seed" "$(target "$2" smtp)" >/dev/null ;;
	esac
	wait_for 300 delivered "$2" $(($3 + 1)) &&
	    result "$1 first mail" "$2" "$(ms_since "$_t")" ms
}

# grow_rate CASE SERVER HAVE MAILBOXES
grow_rate() {
	_n=$(count "$2")
	_t=$(now)
	if [ "$2" = dovecot ]; then
		fill dovecot "$_n" "$4"
	else
		"$here/smtpload" -c 10 -n "$_n" -t u%u@example.test -u "$4" \
		    -S "$seed" "$(target "$2" smtp)" >/dev/null
	fi && wait_for 600 delivered "$2" $(($3 + _n)) &&
	    result "$1 mail in" "$2" "$(since "$_t" "$_n")" /s
}

case_mailbox() {
	_have=$(field 2 "$1")
	up "$2" 1 && fill "$2" "$_have" 1 1k || return
	start_again "$1" "$2" "$_have" || return
	"$here/imapload" -n 5 -U u0@example.test run "$(target "$2" imap)" \
	    'SELECT INBOX' \
	    'STATUS INBOX (MESSAGES UNSEEN UIDNEXT)' \
	    "FETCH $((_have / 2)):$((_have / 2 + 9)) (UID FLAGS)" \
	    "STORE $((_have / 2)) +FLAGS.SILENT (\\Flagged)" \
	    "STORE $((_have / 2)) -FLAGS.SILENT (\\Flagged)" |
	    sed "s/command=FETCH.*/command=FETCH of ten/
		s/command=STORE [0-9]*/command=STORE one/" |
	    measured "$1" "$2"
	grow_rate "$1" "$2" $((_have + 1)) 1
}

case_stored() {
	_have=$(field 2 "$1")
	up "$2" 100 && fill "$2" "$_have" 100 1k || return
	start_again "$1" "$2" "$_have" &&
	    grow_rate "$1" "$2" $((_have + 1)) 100
}

# queue_has SERVER COUNT
queue_has() {
	[ "$1" = maild ] || [ "$(find "$postfix_dir/queue/incoming" \
	    "$postfix_dir/queue/active" "$postfix_dir/queue/deferred" \
	    -type f | wc -l)" -ge "$2" ]
}

case_queued() {
	_have=$(field 2 "$1")
	# Nobody listens there.
	postfix_conf="relayhost = [127.0.0.1]:$((base + 91))"
	maild_conf="relay to any via \"127.0.0.1\" port $((base + 91))
	trust 127.0.0.1"
	if up "$2" 10 && "$here/smtpload" -c 20 -n "$_have" -s 1k \
	    -t u%u@far.test -u 100 -S "$seed" "$(target "$2" smtp)" \
	    >/dev/null && wait_for 60 queue_has "$2" "$_have"; then
		start_again "$1" "$2" 0 && grow_rate "$1" "$2" 1 10
	fi
	postfix_conf= maild_conf=
}

case_accounts() {
	_boxes=$(field 2 "$1")
	up "$2" "$_boxes" && start_again "$1" "$2" 0 || return
	grow_rate "$1" "$2" 1 "$_boxes"
	_line=$("$here/imapload" -c 10 -n 4000 -U u%u@example.test \
	    -u "$_boxes" -A 4 login "$(target "$2" imap)")
	rate "$1 login" "$2" "$_line"
}
