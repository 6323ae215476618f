# mailctl import and export, on a maild that runs.
. "$(atf_get_srcdir)/../site.sh"
ctl="$site_mailctl -P $site_dir"
files="python3 $(atf_get_srcdir)/mailfiles.py"

# case NAME: its body is the function NAME_do, in a site that runs
import_case()
{
	atf_test_case "$1" cleanup
	eval "
	$1_head() { atf_set require.progs 'python3 openssl'; }
	$1_body()
	{
		site_new
		[ $1 != bad ] || site_conf 'limits { message-size 1M }'
		site_start
		$1_do
		site_stop || atf_fail 'it does not end'
	}
	$1_cleanup() { site_cleanup; }"
}

maildir_do()
{
	$files maildir md 500
	atf_check -o match:"500 messages imported, 0 were there" \
	    $ctl import maildir md you@example.test
	atf_check -o match:"0 messages imported, 500 were there" \
	    $ctl import maildir md you@example.test/INBOX
	atf_check -e match:"500 messages exported" \
	    $ctl export maildir you@example.test/INBOX out
	atf_check $files same md out
	# A second time adds what is new.
	$files maildir md 510
	$ctl import maildir md you@example.test >/dev/null
	atf_check -e match:"messages exported, 500 were there" \
	    $ctl export maildir you@example.test/INBOX out
	# The same as a stream.
	mkdir tarout
	$ctl export tar you@example.test/INBOX 2>/dev/null >out.tar
	atf_check tar -C tarout -xf out.tar
	atf_check $files same out tarout
	# With all the mailboxes, into another account.
	site_ctl account add two@example.test <"$site_dir/password" >/dev/null
	$ctl export maildir you@example.test all 2>/dev/null
	atf_check -o match:"imported, 0 were there" \
	    $ctl import maildir all two@example.test
	$ctl export maildir two@example.test all2 2>/dev/null
	atf_check $files same all all2
	atf_check -s exit:1 -e match:"no such account" \
	    $ctl import maildir md nobody@example.test
	atf_check -s exit:1 -e match:"No such file" \
	    $ctl import maildir nothere you@example.test
}

folders_do()
{
	mkdir md
	$files maildir md 3
	$files maildir md/.Sent.2023 4
	$files maildir 'md/.Entw&APw-rfe' 5
	$files maildir 'md/.a&AC4-b' 6
	$files maildir md/sub/dir 7
	atf_check -o match:"25 messages imported" \
	    $ctl import maildir md you@example.test/Old
	$ctl export maildir you@example.test out 2>/dev/null
	for f in '=3' '.Sent.2023=4' '.Entw&APw-rfe=5' '.a&AC4-b=6' \
	    '.sub.dir=7'; do
		atf_check -o inline:"${f#*=}\n" $files count \
		    "out/.Old${f%=*}"
	done
	# As mbox files, and back.
	$ctl export mbox you@example.test boxes 2>/dev/null
	atf_check test -f boxes/Old/Sent/2023.mbox
	atf_check -o match:"22 messages imported" \
	    $ctl import mbox boxes/Old you@example.test/New
	$ctl export maildir you@example.test out2 2>/dev/null
	atf_check $files same out/.Old.sub.dir out2/.New.sub.dir
}

mbox_do()
{
	$files mbox box 300
	atf_check -o match:"300 messages imported" \
	    $ctl import mbox box you@example.test/Box
	atf_check -o match:"0 messages imported, 300 were there" \
	    $ctl import mbox box you@example.test/Box
	$ctl export maildir you@example.test/Box out 2>/dev/null
	atf_check -o inline:"300\n" $files count out
	atf_check -o not-empty sh -c 'ls out/cur | grep ":2,FSa$"'
	atf_check -s exit:1 grep -rlE '^(Status|X-Status|Content-L)' out/cur
	$ctl export mbox you@example.test/Box box2 2>/dev/null
	$ctl import mbox box2 you@example.test/Box2 >/dev/null
	$ctl export maildir you@example.test/Box2 out2 2>/dev/null
	atf_check $files same out out2
	echo "Hello" >nobox
	atf_check -s exit:1 -e match:"nobox: is no mbox" \
	    $ctl import mbox nobox you@example.test
}

bad_do()
{
	$files maildir md 250
	: >md/new/empty
	printf 'Subject: nul\n\na\000b\n' >md/new/nul
	(printf 'Subject: large\n\n'; head -c 2000000 /dev/zero |
	    tr '\0' 'x') >md/new/large
	mkdir md/new/dir
	atf_check -s exit:1 -e match:"empty: is empty" \
	    -e match:"nul: has a NUL" -e match:"large: is too large" \
	    -e match:"250 messages imported" \
	    $ctl import maildir md you@example.test
	# A message that cannot be read costs no other.
	python3 - <<-'PY'
	import glob
	f = sorted(glob.glob("site/store/seg/*.seg"))[0]
	b = open(f, "rb").read()
	with open(f, "r+b") as w:
	    w.seek(b.index(b"needle 77\r\n"))
	    w.write(b"N")
	PY
	atf_check -s exit:1 -e match:"INBOX uid 78: .*cannot be read" \
	    -e match:"249 messages exported" \
	    $ctl export maildir you@example.test/INBOX out
	atf_check -o inline:"249\n" $files count out
	atf_check -s exit:1 -o ignore -e ignore \
	    $ctl export tar you@example.test out.tar
	atf_check -o inline:"249\n" sh -c \
	    'tar tf out.tar | grep -c ^cur/1'
}

# Broken off anywhere, and begun again: all is there, and once.
resume_do()
{
	$files maildir md 8000
	for i in 1 2 3; do
		$ctl import maildir md you@example.test >/dev/null 2>&1 &
		sleep 0.$((i * 2))
		kill -9 $! 2>/dev/null || :
		wait $! 2>/dev/null || :
	done
	$ctl import maildir md you@example.test >said 2>&1 &
	sleep 0.2
	site_kill "imap 1"
	wait $! || :
	site_wait "imap 1.*ready\|restart" || :
	i=0
	while [ $i -lt 60 ]; do
		i=$((i + 1))
		$ctl import maildir md you@example.test >said 2>&1 && break
		sleep 0.5
	done
	cat said
	$ctl export maildir you@example.test/INBOX out 2>/dev/null &
	sleep 0.3
	kill -9 $! 2>/dev/null || :
	wait $! 2>/dev/null || :
	$ctl export maildir you@example.test/INBOX out 2>/dev/null
	atf_check $files same md out
}

cases="maildir folders mbox bad resume"
for c in $cases; do
	import_case "$c"
done

atf_init_test_cases()
{
	for c in $cases; do
		atf_add_test_case "$c"
	done
}
