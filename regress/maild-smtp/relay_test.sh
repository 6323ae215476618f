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

atf_init_test_cases()
{
	atf_add_test_case odd_recipients
	atf_add_test_case trusted
}
