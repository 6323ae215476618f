# make install into a DESTDIR, and the Debian package.

top=$(atf_get_srcdir)/../..

# Kyua cleans the environment; make's own must not leak in either.
into()
{
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$top" install \
	    DESTDIR="$PWD/root" "$@" >log 2>&1 || {
		cat log
		atf_fail "make install"
	}
}

# is PATH MODE
is()
{
	atf_check -o inline:"$2\n" stat -c %a "root$1"
}

atf_test_case destdir
destdir_body()
{
	into PREFIX=/opt/m SYSCONFDIR=/opt/m/etc VARDIR=/opt/m/var \
	    RUNDIR=/opt/m/run
	is /opt/m/sbin/maild 755
	is /opt/m/sbin/mailctl 755
	is /opt/m/etc/mail/maild.conf 644
	is /opt/m/etc/mail/maild.conf.sample 644
	is /opt/m/etc/mail/accounts 600
	is /opt/m/etc/mail/domains 644
	is /opt/m/etc/mail/aliases 644
	is /opt/m/etc/mail/dkim 700
	is /opt/m/var/maild/store 700
	is /opt/m/var/maild/spool 700
	is /opt/m/var/empty 755
	is /opt/m/share/man/man8/mailctl.8 644
	is /opt/m/share/man/man7/maild.7 644
	unit=root/opt/m/lib/systemd/system/maild.service
	atf_check -o match:"^ExecStart=/opt/m/sbin/maild$" cat $unit
	atf_check -s exit:1 grep -r '@[A-Z]*@' root/opt/m/lib
	# Others' programs are left alone.
	atf_check -o empty find root -name sendmail
	atf_check -o inline:"opt\n" ls root
	# Once more: what was changed stays.
	echo mine >root/opt/m/etc/mail/maild.conf
	echo example.org >root/opt/m/etc/mail/domains
	chmod 640 root/opt/m/etc/mail/accounts
	into PREFIX=/opt/m SYSCONFDIR=/opt/m/etc VARDIR=/opt/m/var \
	    RUNDIR=/opt/m/run
	atf_check -o inline:"mine\n" cat root/opt/m/etc/mail/maild.conf
	atf_check -o inline:"example.org\n" cat root/opt/m/etc/mail/domains
	is /opt/m/etc/mail/accounts 640
}

# On the machine itself, that is without DESTDIR, users and owners too.
atf_test_case live
live_head()
{
	atf_set require.user root
}
live_body()
{
	p=$PWD/root
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$top" install \
	    PREFIX="$p" SYSCONFDIR="$p/etc" VARDIR="$p/var" \
	    RUNDIR="$p/run" >log 2>&1 || {
		cat log
		atf_fail "make install"
	}
	for user in _maild _mailq _mails _maildk; do
		atf_check -o ignore id $user
	done
	cat >expected <<-T
	755 root var/empty
	700 _mailq var/maild/spool
	700 _mails var/maild/store
	755 root run/maild
	700 root etc/mail/dkim
	600 root etc/mail/accounts
	T
	while read -r mode owner path; do
		atf_check -o inline:"$mode $owner\n" \
		    stat -c "%a %U" "root/$path"
	done <expected
}

# Empty tables, as they are installed, are tables.
atf_test_case tables
tables_body()
{
	into PREFIX=/usr SYSCONFDIR=/etc VARDIR=/var RUNDIR=/run
	mkdir site
	cp root/etc/mail/domains root/etc/mail/accounts \
	    root/etc/mail/aliases site
	echo 'hostname mail.example.org' >site/maild.conf
	mailctl=$top/usr.sbin/mailctl/mailctl
	atf_check -e match:good "$top/usr.sbin/maild/maild" -n -P "$PWD/site"
	atf_check -o match:added \
	    "$mailctl" -P "$PWD/site" domain add example.org
	atf_check -o inline:"DOMAIN\nexample.org\n" \
	    "$mailctl" -P "$PWD/site" domain list
}

atf_test_case unit
unit_body()
{
	into PREFIX=/usr SYSCONFDIR=/etc VARDIR=/var RUNDIR=/run
	# Only what the unit itself says: pages and programs are not here.
	sed -e 's|/usr/sbin/[a-z]*|/bin/true|' -e '/^Documentation/d' \
	    root/usr/lib/systemd/system/maild.service >maild.service
	for line in Type=notify NoNewPrivileges=yes OOMPolicy=continue \
	    RuntimeDirectory=maild WantedBy=multi-user.target; do
		atf_check -o ignore grep -x $line maild.service
	done
	# A machine without systemd has no judge of it.
	command -v systemd-analyze >/dev/null || return 0
	atf_check -s ignore -e save:err \
	    systemd-analyze verify --man=no "$PWD/maild.service"
	atf_check -s exit:1 grep 'maild.service' err
}

atf_test_case deb
deb_head()
{
	atf_set require.progs "dpkg-deb dpkg-shlibdeps strip"
}
deb_body()
{
	grep -q -e -fsanitize "$top/config.mk" &&
	    atf_skip "no packages of a sanitizer's build"
	atf_check -o match:"/maild_0.1_.*deb$" -e ignore \
	    sh "$top/etc/packaging/build-deb" "$PWD"
	atf_check -o save:contents dpkg-deb -c maild_*.deb
	for f in usr/sbin/maild usr/sbin/mailctl etc/mail/maild.conf \
	    usr/lib/systemd/system/maild.service \
	    usr/share/man/man8/mailctl.8.gz usr/share/maild/accounts \
	    usr/share/doc/maild/copyright; do
		atf_check -o match:"^-.* root/root .* ./$f\$" \
		    grep " ./$f\$" contents
	done
	atf_check -o match:" -> mailctl$" grep ./usr/sbin/sendmail contents
	atf_check -o match:" -> ../sbin/mailctl$" grep ./usr/bin/mailq \
	    contents
	atf_check -o match:" -> ../sbin/sendmail$" grep ./usr/lib/sendmail \
	    contents
	atf_check -s exit:1 grep -e ' ./var' -e ' ./etc/mail/accounts' \
	    contents
	for field in Provides Conflicts Replaces; do
		atf_check -o match:mail-transport-agent \
		    dpkg-deb -f maild_*.deb $field
	done
	atf_check -o match:libtls -o match:libdb5.3 -o match:libunbound \
	    dpkg-deb -f maild_*.deb Depends
	atf_check dpkg-deb -e maild_*.deb control
	for s in postinst prerm postrm; do
		atf_check sh -n control/$s
	done
	atf_check -o inline:"/etc/mail/maild.conf\n" cat control/conffiles
	atf_check dpkg-deb -x maild_*.deb all
	(cd all && md5sum --quiet -c ../control/md5sums) || atf_fail md5sums
}

atf_init_test_cases()
{
	atf_add_test_case destdir
	atf_add_test_case live
	atf_add_test_case tables
	atf_add_test_case unit
	atf_add_test_case deb
}
