# Not an open relay, and what is relayed for those who may.
. "$(atf_get_srcdir)/../site.sh"

atf_test_case odd_recipients cleanup
odd_recipients_head()
{
	atf_set descr "recipients in every odd form are refused"
	atf_set require.progs "python3 openssl"
}
odd_recipients_body()
{
	site_new
	site_start
	atf_check python3 "$(atf_get_srcdir)/relay.py"
	atf_check -o match:"queue is empty" "$site_mailctl" \
	    -P "$site_dir" show queue
}
odd_recipients_cleanup()
{
	site_cleanup
}

# A DNS server with other.zz, and a sink behind its MX.
start_world()
{
	set -- $(site_ports 2)
	dns=$1 sink=$2
	cat >unbound.conf <<-CONF
	server:
		interface: 127.0.0.1
		port: $dns
		do-daemonize: no
		username: ""
		chroot: ""
		directory: $(pwd)
		pidfile: ""
		use-syslog: no
		local-zone: "zz." static
		local-data: "other.zz. MX 10 mx.other.zz."
		local-data: "mx.other.zz. A 127.0.0.1"
		local-data: "null.zz. MX 0 ."
	CONF
	unbound -c unbound.conf -d >dns.log 2>&1 &
	echo $! >dns.pid
	smtp-sink -u nobody -c 127.0.0.1:$sink 100 >sink.log 2>&1 &
	echo $! >sink.pid
	site_conf "dns server 127.0.0.1 port $dns insecure"
	site_conf "smtp-port $sink"
}

end_world()
{
	for p in dns.pid sink.pid; do
		[ ! -f $p ] || kill "$(cat $p)" 2>/dev/null || :
	done
}

atf_test_case trusted cleanup
trusted_head()
{
	atf_set descr "a trusted network relays; failures come back as DSN"
	atf_set require.progs "python3 openssl swaks unbound smtp-sink"
	atf_set require.user root
}
trusted_body()
{
	site_new
	start_world
	site_conf "trust 127.0.0.1/32"
	site_start
	for to in bob@other.zz bob@null.zz bob@nowhere.zz; do
		atf_check -o match:"250 2.0.0 Ok" swaks --server \
		    127.0.0.1:$SITE_SMTP --from you@example.test --to $to
	done
	site_wait "to=<bob@other.zz> host=mx.other.zz result=relayed"
	site_wait "to=<bob@null.zz> result=refused"
	site_wait "to=<bob@nowhere.zz> result=refused"
	# Two reports to the sender, and none of a report.
	site_wait "to=<you@example.test> mailbox=INBOX result=stored" 2
	atf_check -o match:"queue is empty" "$site_mailctl" \
	    -P "$site_dir" show queue
	atf_check -o match:"result=relayed" "$site_mailctl" \
	    -P "$site_dir" trace bob@other.zz
}
trusted_cleanup()
{
	end_world
	site_cleanup
}

# How often the log, from its line $1 on, has $2.
count_from()
{
	tail -n "+$1" "$site_dir/log" | grep -c -- "$2"
}

send_mixed()
{
	swaks --server 127.0.0.1:$SITE_SMTP --from you@example.test \
	    --to you@example.test,small@example.test,bob@other.zz \
	    --body "@$1" >swaks.log 2>&1
}

atf_test_case mixed cleanup
mixed_head()
{
	atf_set descr "mailboxes here, one of them full, and elsewhere"
	atf_set require.progs "python3 openssl swaks unbound smtp-sink"
	atf_set require.user root
}
mixed_body()
{
	site_new small@example.test
	sed -i 's/^small@.*/&:quota=8K/' "$site_dir/accounts"
	start_world
	site_conf "trust 127.0.0.1/32"
	site_start

	# The store is slow: what waits for it is not relayed by another way.
	site_kill "store 1" STOP
	echo short >body
	send_mixed body &
	sleep 3
	atf_check_equal 0 "$(count_from 1 result=relayed)"
	site_kill "store 1" CONT
	wait $!
	site_wait "result=relayed"
	sleep 2
	atf_check_equal 1 "$(count_from 1 result=relayed)"
	atf_check_equal 2 "$(count_from 1 result=stored)"
	atf_check -o match:"queue is empty" "$site_mailctl" \
	    -P "$site_dir" show queue

	# One has no room: not stored, not lost, nothing twice.
	from=$(($(wc -l <"$site_dir/log") + 1))
	head -c 9000 /dev/zero | tr '\0' x | fold -w 70 >body
	send_mixed body || atf_fail "refused"
	site_wait "result=relayed" 2
	site_kill "queue 1"
	site_wait "queue is back"
	"$site_mailctl" -P "$site_dir" queue retry all
	sleep 3
	atf_check_equal 1 "$(count_from "$from" result=relayed)"
	atf_check_equal 1 "$(count_from "$from" result=stored)"
	atf_check_equal 0 "$(count_from "$from" "small.*result=stored")"
	atf_check -o match:"pending.*small@example.test" \
	    -o match:"mailbox is full" "$site_mailctl" -P "$site_dir" show queue

	# Today's quota counts, not that of the day it came in.
	sed -i 's/quota=8K/quota=80K/' "$site_dir/accounts"
	atf_check -o ignore "$site_mailctl" -P "$site_dir" reload
	atf_check -o ignore "$site_mailctl" -P "$site_dir" queue retry all
	site_wait "small.*result=stored" 2
	atf_check test -z "$(grep 'queue.*fatal' "$site_dir/log")"
	site_stop || atf_fail "it does not end"
}
mixed_cleanup()
{
	end_world
	site_cleanup
}

# A smarthost, which is ourselves, whose certificate no system trusts: as far
# as its refusal of our mail there is a way with its own CA only.
atf_test_case private_ca cleanup
private_ca_head()
{
	atf_set require.progs "python3 openssl swaks"
}
private_ca_body()
{
	site_new
	cp "$site_dir/maild.conf" without.conf
	site_conf "relay to any via localhost port $SITE_SMTP starttls required"
	site_start
	atf_check -o ignore swaks --server 127.0.0.1:$SITE_SUBMISSION -tls \
	    --auth PLAIN --auth-user you@example.test --auth-password secret \
	    --from you@example.test --to bob@other.zz
	site_wait "to=<bob@other.zz>.*result=deferred"
	atf_check -s exit:1 grep "result=refused" "$site_dir/log"
	# Another's is as good as none.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj /CN=localhost -keyout other.key \
	    -out "$site_dir/other.pem" 2>/dev/null
	for ca in other cert; do
		cp without.conf "$site_dir/maild.conf"
		site_conf "relay to any via localhost port $SITE_SMTP" \
		    "ca \"$site_dir/$ca.pem\""
		# A start anew, for relay remembers a host that failed.
		site_restart
		atf_check -o ignore "$site_mailctl" -P "$site_dir" queue \
		    retry all
		[ $ca = cert ] || site_wait "certificate verification failed"
	done
	site_wait "to=<bob@other.zz>.*result=refused.*Relaying denied"
	site_stop || atf_fail "it does not end"
}
private_ca_cleanup()
{
	site_cleanup
}

# Listings and commands go over a long queue piece by piece.
atf_test_case sweep cleanup
sweep_head()
{
	atf_set require.progs "python3 openssl"
}
sweep_body()
{
	site_new
	# Nobody is there: all of it stays.
	site_conf "relay to any via 127.0.0.1 port $(site_ports 1)"
	site_conf "trust 127.0.0.1/32"
	site_start
	atf_check python3 "$(atf_get_srcdir)/sweep.py"
	site_stop || atf_fail "it does not end"
}
sweep_cleanup()
{
	site_cleanup
}

# NOTIFY=SUCCESS is kept for a mailbox here too (RFC 3461 5.2.1).
atf_test_case success cleanup
success_head()
{
	atf_set require.progs "python3 openssl"
}
success_body()
{
	site_new two@example.test
	site_start
	cat >send.py <<-'SEND'
	import os
	import smtplib
	s = smtplib.SMTP("127.0.0.1", int(os.environ["SITE_SMTP"]))
	s.sendmail("you@example.test", "two@example.test",
	    "Subject: tell me\r\n\r\nx\r\n",
	    rcpt_options=["NOTIFY=SUCCESS"])
	SEND
	atf_check python3 send.py
	site_wait "to=<two@example.test>.*result=stored"
	site_wait "to=<you@example.test>.*result=stored"
	atf_check -o match:"queue is empty" "$site_mailctl" \
	    -P "$site_dir" show queue
}
success_cleanup()
{
	site_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case odd_recipients
	atf_add_test_case trusted
	atf_add_test_case mixed
	atf_add_test_case sweep
	atf_add_test_case private_ca
	atf_add_test_case success
}
