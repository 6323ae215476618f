# mailctl fsck: of a store that is in use, and of one that is not.
. "$(atf_get_srcdir)/../site.sh"
ctl="$site_mailctl -P $site_dir"

deliver()
{
	python3 - "$1" "$SITE_SMTP" <<-'PY'
	import smtplib, sys
	s = smtplib.SMTP("127.0.0.1", int(sys.argv[2]))
	for i in range(int(sys.argv[1])):
	    head = f"From: a@example.com\r\nMessage-ID: <{i}@x>\r\nSubject: {i}"
	    text = head + "\r\n\r\n" + "needle %d\r\n" % i * 200
	    s.sendmail("a@example.com", ["you@example.test"], text)
	PY
}

# Change a byte of the n-th message in the log.
damage()
{
	python3 - "$1" <<-'PY'
	import sys, glob
	f = sorted(glob.glob("site/store/seg/*.seg"))[0]
	b = open(f, "rb").read()
	i = b.index(b"needle %d\r\n" % int(sys.argv[1]))
	with open(f, "r+b") as w:
	    w.seek(i)
	    w.write(b"N")
	PY
}

atf_test_case running cleanup
running_head() { atf_set require.progs 'python3 openssl'; }
running_body()
{
	site_new
	site_start
	deliver 20
	atf_check -o match:"20 messages in 6 mailboxes: 0 problems" \
	    -o match:"queue: 0 records, 0 messages: 0 problems" $ctl fsck
	damage 7
	atf_check -s exit:1 -e match:"1 problems" -o \
	    match:"message is damaged: you@example.test INBOX uid 8" \
	    $ctl fsck
	site_ctl -j fsck >json || :
	atf_check -o inline:"False 8 INBOX\n" python3 -c '
import json
o = json.load(open("json"))
print(o["ok"], o["problems"][0]["uid"], o["problems"][0]["mailbox"])'
	atf_check -s exit:1 -e match:"maild is running" $ctl fsck rebuild
	atf_check -s exit:1 -e match:"maild is running" $ctl fsck -r
	deliver 1
	site_stop || atf_fail "it does not end"
}
running_cleanup() { site_cleanup; }

atf_test_case queue cleanup
queue_head() { atf_set require.progs 'python3 openssl'; }
queue_body()
{
	site_new
	site_conf "trust 127.0.0.1/32"
	site_conf "relay to any via 127.0.0.1 port 1"
	site_start
	python3 - "$SITE_SMTP" <<-'PY'
	import smtplib, sys
	s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
	for i in range(10):
	    head = f"From: a@example.com\r\nMessage-ID: <{i}@x>\r\nSubject: {i}"
	    text = head + "\r\n\r\n" + "needle %d\r\n" % i * 200
	    s.sendmail("a@example.com", ["you@far.test"], text)
	PY
	atf_check -o match:"queue: .* 10 messages: 0 problems" $ctl fsck
	site_ctl -j show queue >before
	python3 - <<-'PY'
	import glob
	f = sorted(glob.glob("site/spool/seg/*.seg"))[0]
	b = open(f, "rb").read()
	with open(f, "r+b") as w:
	    w.seek(b.index(b"needle 7\r\n"))
	    w.write(b"N")
	PY
	# The record, and whose it is.
	atf_check -s exit:1 -e match:"10 messages: 2 problems" \
	    -o match:"record is damaged" \
	    -o match:"message cannot be read: [0-9a-z]{13}" $ctl fsck
	site_stop || atf_fail "it does not end"
}
queue_cleanup() { site_cleanup; }

atf_test_case stopped cleanup
stopped_head() { atf_set require.progs 'python3 openssl'; }
stopped_body()
{
	site_new
	site_start
	deliver 20
	site_stop
	atf_check -o match:"20 messages in 6 mailboxes: 0 problems; queue: " \
	    $ctl fsck
	damage 3
	atf_check -s exit:1 -e match:"1 problems" -o match:"INBOX uid 4" \
	    "$site_mailctl" fsck -P "$site_dir"
	# Whoever rebuilds for nothing loses nothing.
	atf_check -s exit:1 -e match:"new index, .* 20 messages in 6 " \
	    -o match:"INBOX uid 4" $ctl fsck rebuild
	atf_check test -d site/store/index.old1
	# The daemon finds files that it may use.
	site_start
	deliver 2
	atf_check -s exit:1 -e match:"22 messages" -o ignore $ctl fsck
	site_stop || atf_fail "it does not end"
	# Without any index, and with a wrecked one.
	rm -rf site/store/index
	atf_check -s exit:1 -e match:"new index.*22 messages" -o ignore \
	    $ctl fsck
	for f in site/store/index/*.db; do
		dd if=/dev/urandom of="$f" bs=512 seek=1 count=20 \
		    conv=notrunc 2>/dev/null
	done
	atf_check -s exit:1 -e match:"22 messages in 6 mailboxes: 1 prob" \
	    -o ignore $ctl fsck -r
	atf_check -s exit:1 -e match:"22 messages in 6 mailboxes: 1 prob" \
	    -o ignore $ctl fsck
}
stopped_cleanup() { site_cleanup; }

atf_init_test_cases()
{
	atf_add_test_case running
	atf_add_test_case queue
	atf_add_test_case stopped
}
