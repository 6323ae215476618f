# The servers that are compared, each in a directory of its own under $work,
# on ports of its own from $base on.  Read by ./run and by regress/crash.
#
# For each server NAME: NAME_setup (a fresh state), NAME_start, NAME_stop.
# What is ended is ended by its process id.

: "${base:=21000}"
PATH=$PATH:/usr/sbin:/sbin
maild_smtp=127.0.0.1:$((base + 25))
maild_submissions=127.0.0.1:$((base + 465))
maild_imap=127.0.0.1:$((base + 143))
maild_imaps=127.0.0.1:$((base + 993))
maild_pop3=127.0.0.1:$((base + 110))
peer_smtp=127.0.0.1:$((base + 1025))
peer_imap=127.0.0.1:$((base + 1143))
peer_imaps=127.0.0.1:$((base + 1993))
peer_pop3=127.0.0.1:$((base + 1110))
peer_submissions=127.0.0.1:$((base + 1465))
peer_lmtp=127.0.0.1:$((base + 1024))

# wait_for SECONDS command ...: until it succeeds.
wait_for() {
	_tries=$(($1 * 50))
	shift
	while ! "$@" >/dev/null 2>&1; do
		_tries=$((_tries - 1))
		[ $_tries -gt 0 ] || return 1
		sleep 0.02
	done
}

# gone PID: has it ended?
gone() {
	! kill -0 "$1" 2>/dev/null
}

# listens HOST:PORT
listens() {
	python3 -c 'import socket, sys
h, p = sys.argv[1].rsplit(":", 1)
socket.create_connection((h, int(p)), 1).close()' "$1"
}

# all_pids PID: it and what it started, and what those started.
all_pids() {
	echo "$1"
	for _p in $(pgrep -P "$1"); do
		all_pids "$_p"
	done
}

# cert DIR: a certificate that all servers may use.
cert() {
	[ -f "$1/key.pem" ] && return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj /CN=mail.example.test \
	    -addext subjectAltName=DNS:mail.example.test,IP:127.0.0.1 \
	    -keyout "$1/key.pem" -out "$1/cert.pem" 2>/dev/null
}

# ---- maild ----------------------------------------------------------------

# maild_setup [ACCOUNTS]: u0 ... and you@example.test, password "secret"
maild_setup() {
	maild_dir=$work/maild
	rm -rf "$maild_dir"
	mkdir -p "$maild_dir"
	chmod 755 "$maild_dir"
	cp "$work/cert.pem" "$work/key.pem" "$maild_dir"
	[ "$(id -u)" -ne 0 ] || sh "$top/etc/packaging/make-users"
	cat >"$maild_dir/maild.conf" <<-CONF
	hostname mail.example.test
	certificate mail.example.test cert "$maild_dir/cert.pem" \
	    key "$maild_dir/key.pem"
	listen on 127.0.0.1 port $((base + 25)) smtp
	listen on 127.0.0.1 port $((base + 587)) submission
	listen on 127.0.0.1 port $((base + 465)) submissions
	listen on 127.0.0.1 port $((base + 143)) imap
	listen on 127.0.0.1 port $((base + 993)) imaps
	listen on 127.0.0.1 port $((base + 110)) pop3
	listen on socket "$maild_dir/lmtp.sock" lmtp
	auth cleartext allowed
	limits {
		sessions 50000
		sessions-per-address 50000
		connections-per-minute 0
		sessions-per-account 50000
		messages-per-session 10000000
	}
	${maild_conf:-}
	CONF
	echo example.test >"$maild_dir/domains"
	: >"$maild_dir/accounts"
	: >"$maild_dir/aliases"
	chmod 600 "$maild_dir/accounts"
	if [ ! -f "$work/accounts.$1" ]; then
		# One password's hash does for all.
		echo secret | "$mailctl" -P "$maild_dir" \
		    account add you@example.test >/dev/null || return 1
		awk -v n="${1:-1}" '/^you@/ {
			print
			for (i = 0; i < n; i++) {
				line = $0
				sub(/^you@/, "u" i "@", line)
				print line
			}
		}' "$maild_dir/accounts" >"$work/accounts.$1"
	fi
	cat "$work/accounts.$1" >"$maild_dir/accounts"
}

maild_start() {
	: >"$maild_dir/log"
	(ulimit -n 100000 2>/dev/null
	exec "$maild" -d -P "$maild_dir" -f "$maild_dir/maild.conf") \
	    >>"$maild_dir/log" 2>&1 &
	maild_pid=$!
	if ! wait_for 20 grep -q 'maild: ready' "$maild_dir/log"; then
		echo "maild does not start:" >&2
		tail -20 "$maild_dir/log" >&2
		return 1
	fi
}

maild_stop() {
	[ -n "${maild_pid:-}" ] || return 0
	kill -TERM "$maild_pid" 2>/dev/null
	wait_for 20 gone "$maild_pid" || kill -KILL "$maild_pid"
	wait "$maild_pid" 2>/dev/null
	maild_pid=
}

# Every 250 is a message in a mailbox already.
maild_drained() {
	:
}

maild_root() {
	echo "$maild_pid"
}

# ---- Dovecot --------------------------------------------------------------

# dovecot_setup: dovecot_format is maildir (the default) or sdbox
dovecot_setup() {
	dovecot_dir=$work/dovecot
	rm -rf "$dovecot_dir"
	mkdir -p "$dovecot_dir/run" "$dovecot_dir/state" "$dovecot_dir/mail"
	chmod 755 "$dovecot_dir"
	chown nobody "$dovecot_dir/mail"
	cp "$work/cert.pem" "$work/key.pem" "$dovecot_dir"
	dovecot_pop3=
	[ ! -x /usr/lib/dovecot/pop3 ] || dovecot_pop3=pop3
	cat >"$dovecot_dir/dovecot.conf" <<-CONF
	base_dir = $dovecot_dir/run
	state_dir = $dovecot_dir/state
	log_path = $dovecot_dir/log
	protocols = imap lmtp $dovecot_pop3
	listen = 127.0.0.1
	ssl = yes
	ssl_cert = <$dovecot_dir/cert.pem
	ssl_key = <$dovecot_dir/key.pem
	disable_plaintext_auth = no
	mail_location = ${dovecot_format:-maildir}:$dovecot_dir/mail/%u
	mail_fsync = ${dovecot_fsync:-always}
	first_valid_uid = 1
	mail_uid = nobody
	mail_gid = nogroup
	mail_max_userip_connections = 0
	default_client_limit = 50000
	default_process_limit = 20000
	default_vsz_limit = 2G
	passdb {
	  driver = static
	  args = password=secret
	}
	userdb {
	  driver = static
	  args = allow_all_users=yes home=$dovecot_dir/mail/%u
	}
	service imap-login {
	  inet_listener imap {
	    port = $((base + 1143))
	  }
	  inet_listener imaps {
	    port = $((base + 1993))
	    ssl = yes
	  }
	  # the "high-performance mode" of its manual
	  service_count = 0
	  process_min_avail = 2
	}
	service imap {
	  service_count = 200
	  process_min_avail = 4
	}
	service pop3-login {
	  inet_listener pop3 {
	    port = $((base + 1110))
	  }
	  inet_listener pop3s {
	    port = 0
	  }
	  service_count = 0
	  process_min_avail = 2
	}
	# for Postfix
	service auth {
	  unix_listener $dovecot_dir/run/auth-smtp {
	    mode = 0666
	  }
	}
	service lmtp {
	  process_min_avail = 4
	  inet_listener lmtp {
	    address = 127.0.0.1
	    port = $((base + 1024))
	  }
	}
	namespace inbox {
	  inbox = yes
	  separator = /
	}
	CONF
}

dovecot_start() {
	(ulimit -n 100000 2>/dev/null
	exec dovecot -F -c "$dovecot_dir/dovecot.conf") \
	    >>"$dovecot_dir/log" 2>&1 &
	dovecot_pid=$!
	if ! wait_for 20 listens "$peer_imap" ||
	    ! wait_for 20 listens "$peer_lmtp"; then
		echo "dovecot does not start:" >&2
		tail -20 "$dovecot_dir/log" >&2
		return 1
	fi
}

dovecot_stop() {
	[ -n "${dovecot_pid:-}" ] || return 0
	kill -TERM "$dovecot_pid" 2>/dev/null
	wait_for 20 gone "$dovecot_pid" || kill -KILL "$dovecot_pid"
	wait "$dovecot_pid" 2>/dev/null
	dovecot_pid=
}

dovecot_root() {
	echo "$dovecot_pid"
}

# ---- Postfix, which delivers to Dovecot by LMTP ---------------------------

postfix_setup() {
	dovecot_setup
	postfix_dir=$work/postfix
	rm -rf "$postfix_dir"
	mkdir -p "$postfix_dir/conf" "$postfix_dir/queue" "$postfix_dir/data"
	chmod 755 "$postfix_dir" "$postfix_dir/conf"
	chown postfix "$postfix_dir/data"
	cat >"$postfix_dir/conf/main.cf" <<-CONF
	compatibility_level = 3.6
	queue_directory = $postfix_dir/queue
	data_directory = $postfix_dir/data
	daemon_directory = /usr/lib/postfix/sbin
	myhostname = mail.example.test
	mydestination =
	alias_maps =
	local_recipient_maps =
	virtual_mailbox_domains = example.test
	virtual_mailbox_maps = static:here
	virtual_transport = lmtp:inet:$peer_lmtp
	inet_interfaces = 127.0.0.1
	inet_protocols = ipv4
	smtpd_peername_lookup = no
	smtpd_client_connection_count_limit = 0
	maillog_file_prefixes = $work
	maillog_file = $postfix_dir/log
	${postfix_conf:-}
	CONF
	sed -e "s/^smtp  *inet  *n  *- /127.0.0.1:$((base + 1025)) inet n - /" \
	    -e 's/^\([a-z0-9.:]* *[a-z]* *[-a-z]* *[-a-z]* *\)y /\1n /' \
	    /usr/share/postfix/master.cf.dist >"$postfix_dir/conf/master.cf"
	cat >>"$postfix_dir/conf/master.cf" <<-CONF
	127.0.0.1:$((base + 1465)) inet n - n - - smtpd
	  -o smtpd_tls_wrappermode=yes
	  -o smtpd_tls_cert_file=$work/cert.pem
	  -o smtpd_tls_key_file=$work/key.pem
	  -o smtpd_sasl_auth_enable=yes
	  -o smtpd_sasl_type=dovecot
	  -o smtpd_sasl_path=$dovecot_dir/run/auth-smtp
	  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
	  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
	CONF
	touch "$postfix_dir/log"
}

postfix_start() {
	dovecot_start || return 1
	postfix -c "$postfix_dir/conf" start >>"$postfix_dir/log" 2>&1
	if ! wait_for 20 listens "$peer_smtp"; then
		echo "postfix does not start:" >&2
		tail -20 "$postfix_dir/log" >&2
		return 1
	fi
	postfix_pid=$(($(cat "$postfix_dir/queue/pid/master.pid")))
}

postfix_stop() {
	[ -z "${postfix_pid:-}" ] ||
	    postfix -c "$postfix_dir/conf" stop >>"$postfix_dir/log" 2>&1
	postfix_pid=
	dovecot_stop
}

postfix_empty() {
	[ -z "$(find "$postfix_dir/queue/incoming" \
	    "$postfix_dir/queue/active" "$postfix_dir/queue/deferred" \
	    "$postfix_dir/queue/maildrop" -type f -print -quit)" ]
}

# Its 250 is a message in the queue: wait until the last one is delivered.
postfix_drained() {
	wait_for 600 postfix_empty
}

postfix_root() {
	echo "$postfix_pid $dovecot_pid"
}
