# OpenSMTPD, which delivers to Dovecot by LMTP.  Read by ./run, after
# servers.sh.
#
# Its package cannot be installed next to Postfix, and its paths are compiled
# in: what was unpacked to $OPENSMTPD (or is installed) gets a mount namespace
# of its own, in which its users exist and its spool is on our disk.

: "${OPENSMTPD:=}"

# Why it cannot be measured, or nothing.
opensmtpd_missing() {
	if [ ! -x "$OPENSMTPD/usr/sbin/smtpd" ]; then
		echo "it is neither installed nor unpacked in \$OPENSMTPD"
	elif [ -z "$OPENSMTPD" ] && [ -x /usr/sbin/postfix ]; then
		echo "/usr/sbin/smtpd and Postfix are both installed"
	elif ! unshare -m true 2>/dev/null; then
		echo "there are no mount namespaces here (unshare -m)"
	fi
}

opensmtpd_setup() {
	dovecot_setup "$1"
	opensmtpd_dir=$work/opensmtpd
	rm -rf "$opensmtpd_dir"
	mkdir -p "$opensmtpd_dir/spool" "$opensmtpd_dir/empty" \
	    "$opensmtpd_dir/run"
	chmod 711 "$opensmtpd_dir" "$opensmtpd_dir/spool"
	grep -v '^opensmtp[dq]:' /etc/passwd >"$opensmtpd_dir/passwd"
	grep -v '^opensmtp[dq]:' /etc/group >"$opensmtpd_dir/group"
	cat >>"$opensmtpd_dir/passwd" <<-PASSWD
	opensmtpd:x:64901:64901::/var/lib/opensmtpd/empty:/usr/sbin/nologin
	opensmtpq:x:64902:64902::/var/lib/opensmtpd/empty:/usr/sbin/nologin
	PASSWD
	cat >>"$opensmtpd_dir/group" <<-GROUP
	opensmtpd:x:64901:
	opensmtpq:x:64902:
	GROUP
	awk -v n="${1:-1}" 'BEGIN {
		for (i = 0; i < n; i++)
			print "u" i "@example.test nobody"
	}' >"$opensmtpd_dir/virtual"
	echo mail.example.test >"$opensmtpd_dir/mailname"
	cat >"$opensmtpd_dir/smtpd.conf" <<-CONF
	smtp max-message-size 64M
	smtp limit max-mails 10000000
	smtp limit max-rcpt 10000000
	table boxes file:$opensmtpd_dir/virtual
	listen on 127.0.0.1 port $((base + 1025)) hostname mail.example.test
	action "local" lmtp "127.0.0.1:$((base + 1024))" rcpt-to \
	    virtual <boxes>
	action "relay" ${opensmtpd_relay:-relay}
	match from any for domain "example.test" action "local"
	match from any for any action "relay"
	CONF
}

opensmtpd_there() {
	gone "$opensmtpd_pid" || listens "$peer_smtp"
}

opensmtpd_start() {
	dovecot_start || return 1
	# mount(8) wants the places to be there: they are made in tmpfs.
	OPENSMTPD=$OPENSMTPD dir=$opensmtpd_dir unshare -m sh -ec '
		mount --make-rprivate /
		mount --bind "$dir/passwd" /etc/passwd
		mount --bind "$dir/group" /etc/group
		mount -t tmpfs -o mode=755 none /var/spool
		mkdir /var/spool/smtpd
		mount --bind "$dir/spool" /var/spool/smtpd
		mount -t tmpfs -o mode=755 none /var/lib
		mkdir -p /var/lib/opensmtpd/empty
		if [ -n "$OPENSMTPD" ]; then
			mount -t tmpfs -o mode=755 none /usr/libexec
			mkdir /usr/libexec/opensmtpd
			mount --bind "$OPENSMTPD/usr/libexec/opensmtpd" \
			    /usr/libexec/opensmtpd
		fi
		ulimit -n 20000
		exec "$OPENSMTPD/usr/sbin/smtpd" -d -f "$dir/smtpd.conf"
	' >>"$opensmtpd_dir/log" 2>&1 &
	opensmtpd_pid=$!
	if ! wait_for 20 opensmtpd_there || gone "$opensmtpd_pid"; then
		echo "OpenSMTPD does not start:" >&2
		tail -20 "$opensmtpd_dir/log" >&2
		return 1
	fi
}

opensmtpd_stop() {
	[ -n "${opensmtpd_pid:-}" ] || return 0
	kill -TERM "$opensmtpd_pid" 2>/dev/null
	wait_for 20 gone "$opensmtpd_pid" || kill -KILL "$opensmtpd_pid"
	wait "$opensmtpd_pid" 2>/dev/null
	opensmtpd_pid=
	dovecot_stop
}

opensmtpd_empty() {
	[ -z "$(find "$opensmtpd_dir/spool/incoming" \
	    "$opensmtpd_dir/spool/queue" -type f -print -quit)" ]
}

opensmtpd_drained() {
	wait_for 600 opensmtpd_empty
}

opensmtpd_root() {
	echo "$opensmtpd_pid $dovecot_pid"
}
