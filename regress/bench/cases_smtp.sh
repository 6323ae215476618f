# Cases of mail that comes and goes.  Read by ./run: case_NAME CASE SERVER.

case_smtp() {
	_size=$(field 3 "$1")
	_boxes=$(field 5 "$1")
	up "$2" "$_boxes" || return
	_n=$(count "$2")
	# Bulk counts by octets.
	case $_size in
	*k|*K)	[ "${_size%[kK]}" -le 16 ] || _n=$((_n / 4)) ;;
	*m|*M)	_n=$((_n / 20)) ;;
	esac
	_t=$(now)
	_line=$("$here/smtpload" -c "$(field 2 "$1")" -n "$_n" -s "$_size" \
	    -k "$(field 4 "$1")" -t u%u@example.test -u "$_boxes" \
	    -S "$seed" "$(target "$2" smtp)")
	"$2_drained"
	! load_ok "$_line" || result "$1" "$2" "$(since "$_t" "$_n")" /s
}

case_source() {
	if ! command -v smtp-source >/dev/null; then
		echo "run: $1: there is no smtp-source" >&2
		return
	fi
	up "$2" 1 || return
	_keep=-d
	[ "$(field 4 "$1")" -ne 1 ] || _keep=
	_n=$(count "$2")
	_t=$(now)
	smtp-source $_keep -s "$(field 2 "$1")" -m "$_n" \
	    -l "$(($(field 3 "$1" | sed 's/k$/*1024/')))" \
	    -f load@elsewhere.test -t u0@example.test \
	    "inet:$(target "$2" smtp)" >&2
	"$2_drained"
	result "$1" "$2" "$(since "$_t" "$_n")" /s
}

case_submit() {
	up "$2" 10 || return
	_n=$(count "$2")
	_t=$(now)
	_line=$("$here/smtpload" -X -c "$(field 2 "$1")" -n "$_n" -k 10 \
	    -a u0@example.test:secret -f u0@example.test -t u%u@example.test \
	    -u 10 -S "$seed" "$(target "$2" submissions)")
	"$2_drained"
	! load_ok "$_line" || result "$1" "$2" "$(since "$_t" "$_n")" /s
}

case_relay() {
	_sink=$((base + 90))
	postfix_conf="relayhost = [127.0.0.1]:$_sink"
	maild_conf="relay to any via \"127.0.0.1\" port $_sink
	trust 127.0.0.1"
	opensmtpd_relay="relay host smtp://127.0.0.1:$_sink"
	_n=$(count "$2")
	# With latency it is connections that count.
	[ "$(field 2 "$1")" -eq 0 ] || _n=$((_n / 2))
	_old=
	[ "$(field 3 "$1")" != old ] || _old=-B
	"$here/smtpsink" $_old -d "$(field 2 "$1")" -n "$_n" $_sink \
	    >"$work/sink" &
	aux=$!
	wait_for 5 grep listening "$work/sink"
	if up "$2" 1; then
		_t=$(now)
		"$here/smtpload" -c 10 -n "$_n" -t u%u@far.test -u 100 \
		    -S "$seed" "$(target "$2" smtp)" >/dev/null &&
		    wait_for 600 gone $aux &&
		    load_ok "$(tail -1 "$work/sink")" &&
		    result "$1" "$2" "$(since "$_t" "$_n")" /s
	fi
	kill $aux 2>/dev/null
	wait $aux 2>/dev/null
	aux= postfix_conf= maild_conf= opensmtpd_relay=
}

# pss_watch PID ...: until it is ended
pss_watch() {
	while :; do
		pss "$@"
		sleep 0.3
	done
}

case_memory() {
	up "$2" 100 || return
	sleep 1
	result "$1 at the start" "$2" "$(megabytes "$(pss $("$2_root"))")" MB
	pss_watch $("$2_root") >"$work/pss" &
	aux=$!
	"$here/smtpload" -c 50 -n $((messages * 2)) -t u%u@example.test \
	    -u 100 -S "$seed" "$(target "$2" smtp)" >/dev/null
	_ret=$?
	kill $aux
	wait $aux 2>/dev/null
	aux=
	[ $_ret -eq 0 ] || return
	pss $("$2_root") >>"$work/pss"
	result "$1 under load" "$2" \
	    "$(megabytes "$(sort -n "$work/pss" | tail -1)")" MB
	"$2_drained"
	"$here/imapload" -c 100 -n 1 -U u%u@example.test -u 100 run \
	    "$(target "$2" imap)" 'FETCH 1:* (FLAGS ENVELOPE)' >/dev/null ||
	    return
	sleep 3
	result "$1 afterwards" "$2" "$(megabytes "$(pss $("$2_root"))")" MB
}
