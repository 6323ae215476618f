# What maild -n says of good and of bad configurations.

SRC=$(atf_get_srcdir)
MAILD=$SRC/../../usr.sbin/maild/maild

tables() {
	mkdir -p "$1/tables"
	echo example.org | tee "$1/domains" >"$1/tables/domains"
	: >"$1/aliases"
	: >"$1/tables/\"aliases\""
	(umask 077; : >"$1/accounts")
}

# key NAME ALGORITHM...: NAME.pem and NAME.key
key() {
	n=$1
	shift
	(umask 077; openssl req -x509 -nodes -days 30 \
	    -subj /CN=mail.example.org -newkey "$@" -keyout "$n.key" \
	    -out "$n.pem" 2>/dev/null) || atf_fail "openssl"
}

atf_test_case bad
bad_body() {
	tables .
	for f in "$SRC"/bad/*.conf; do
		cp "$f" .
		chmod 644 "${f##*/}"
	done
	for f in "$SRC"/bad/*.conf; do
		f=$(pwd)/${f##*/}
		sed -n 's/^#! //p' "$f" | sed -e "s|@DIR@|$(pwd)|" \
		    -e "s|^0: |$f: |" -e "s|^\([0-9]*\): |$f:\1: |" >want
		"$MAILD" -n -f "$f" 2>got && atf_fail "$f is accepted"
		sort -o want want
		grep -v 'warning: ' got | sort >errors
		cat want errors >>all
		diff -u want errors || atf_fail "$f"
	done
	[ -s all ] || atf_fail "nothing was tried"
}

# What was understood, printed, is understood the same.
again() {
	atf_check -o save:first -e ignore "$MAILD" -nv "$@"
	atf_check -o file:first -e ignore "$MAILD" -nv -f first
}

atf_test_case good
good_body() {
	for f in "$SRC"/good/*; do
		cp "$f" .
	done
	tables .
	again -f least.conf
	atf_check -o ignore grep -x 'subaddress "+"' first
	atf_check -o ignore grep -x "table domains \"$(pwd)/domains\"" first
	sed "s|/etc/mail/accounts|$(pwd)/accounts|" all.conf >all2.conf
	again -f all2.conf
	for l in 'listen on \* port 25 smtp' 'queue lifetime 36h' \
	    'queue warn never' 'trust 192.0.2.0/24' 'trust ::1/128' \
	    'relay to "intern.example" direct' \
	    'relay to any via "out.example.net" port 587 starttls required' \
	    '	message-size 12M' '	sessions 0' \
	    '	pop3-login-delay 2m' '	pop3-timeout 15m' \
	    'quota 3G messages 100000' 'processes scan 4' \
	    'subaddress none' 'smtp-port 2525' \
	    'dns server 127.0.0.1 port 5353 insecure' \
	    "listen on socket \"$(pwd)/send mail.sock\" local"; do
		atf_check -o ignore grep -x "$l" first
	done
	again -D port=2626 -f macros.conf
	atf_check -o ignore grep -x 'listen on 127.0.0.1 port 2626 smtp' first
	atf_check -o ignore grep -x 'listen on 127.0.0.2 port 143 imap' first
}

# Those that people copy from.
atf_test_case examples
examples_head() {
	atf_set require.progs openssl
}
examples_body() {
	tables .
	key mail ec -pkeyopt ec_paramgen_curve:P-256
	(umask 077; echo secret >relay.secret)
	n=0
	for f in "$SRC"/../../etc/maild.conf \
	    "$SRC"/../../etc/examples/*.conf; do
		sed -e "s|/etc/ssl/mail.pem|$(pwd)/mail.pem|" \
		    -e "s|/etc/ssl/private/mail.key|$(pwd)/mail.key|" \
		    -e "s|/etc/ssl/other.pem|$(pwd)/mail.pem|" \
		    -e "s|/etc/ssl/private/other.key|$(pwd)/mail.key|" \
		    -e "s|/etc/mail/|$(pwd)/|" "$f" >try.conf
		again -f try.conf
		n=$((n + 1))
	done
	[ $n -gt 2 ] || atf_fail "only $n examples"
}

# refused TEXT: maild -n says so of line 2 of x.conf
refused() {
	atf_check -s exit:1 -e "match:x.conf:2: .*$1" "$MAILD" -n -f x.conf
}

atf_test_case certificates
certificates_head() {
	atf_set require.progs openssl
}
certificates_body() {
	tables .
	use() {
		printf 'hostname mail.example.org\n%s\n' \
		    "certificate m cert $1.pem key $2.key" >x.conf
	}
	key rsa rsa:2048
	key p256 ec -pkeyopt ec_paramgen_curve:P-256
	key p384 ec -pkeyopt ec_paramgen_curve:P-384
	key p521 ec -pkeyopt ec_paramgen_curve:P-521
	key small rsa:1024
	key ed ed25519
	for k in rsa p256 p384; do
		use $k $k
		atf_check -e match:good "$MAILD" -n -f x.conf
	done
	use ed ed
	refused 'Ed25519.*cannot be made from a digest'
	use p521 p521
	refused 'other than P-256 and P-384'
	use small small
	refused 'less than 2048 bits'
	use rsa p256
	refused 'is not the key of'
	use p256 p384
	refused 'is not the key of'
	use rsa rsa
	chmod 644 rsa.key
	refused 'everybody may read it'
	chmod 640 rsa.key
	atf_check -e match:good "$MAILD" -n -f x.conf
	openssl pkey -in rsa.key -aes128 -passout pass:x -out enc.key
	chmod 600 enc.key
	use rsa enc
	refused 'pass phrase'
	use rsa none
	refused 'none.key: No such file'
	echo 'certificate m cert p256.pem key p256.key' >>x.conf
	atf_check -s exit:1 -e 'match:x.conf:3: m: two certificates' \
	    "$MAILD" -n -f x.conf
}

atf_test_case dkim
dkim_head() {
	atf_set require.progs openssl
}
dkim_body() {
	tables .
	echo 'hostname mail.example.org' >x.conf
	mkdir dkim
	umask 077
	openssl genpkey -algorithm ed25519 -out dkim/example.org.e1.key
	openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 \
	    -out dkim/example.org.r1.key 2>/dev/null
	atf_check -e match:good "$MAILD" -n -f x.conf
	openssl ecparam -genkey -name prime256v1 -out dkim/a.b.key 2>/dev/null
	atf_check -s exit:1 -e match:'a.b.key: is neither an RSA nor' \
	    "$MAILD" -n -f x.conf
	rm dkim/a.b.key
	: >dkim/nodots.key
	atf_check -s exit:1 -e match:'nodots.key: its name is not DOMAIN' \
	    "$MAILD" -n -f x.conf
}

atf_test_case table_errors
table_errors_body() {
	tables .
	echo 'hostname mail.example.org' >x.conf
	printf 'example.org\nbad..domain\n' >domains
	atf_check -s exit:1 -e match:'domains:2: ' "$MAILD" -n -f x.conf
	rm domains
	atf_check -s exit:1 -e match:'domains: No such file' \
	    "$MAILD" -n -f x.conf
	echo example.org >domains
	rm aliases
	atf_check -e match:good "$MAILD" -n -f x.conf
	atf_check -s exit:1 -e match:'nofile: No such file' \
	    "$MAILD" -n -f nofile
	atf_check -s exit:2 -e match:usage "$MAILD" -Q
	atf_check -s exit:2 -e match:usage "$MAILD" -n extra
}

atf_init_test_cases() {
	atf_add_test_case bad
	atf_add_test_case good
	atf_add_test_case examples
	atf_add_test_case certificates
	atf_add_test_case dkim
	atf_add_test_case table_errors
}
