# A site to be attacked, after site.sh; for the tests and for `run'.

abuse_site()
{
	site_new attacker@example.test victim@example.test
	site_conf "auth cleartext allowed"
	site_conf "listen on socket \"$site_dir/sendmail.sock\" local"
	# Loopback is limited too, but for 127.0.0.1 itself.
	site_conf "limits { auth-failures 5 }"
	chmod 755 "$site_dir"
	site_start
	abuse_fill
}

# Something to be fetched and searched.
abuse_fill()
{
	python3 "$(atf_get_srcdir)/fill.py" "$SITE_SMTP" ||
	    atf_fail "the site takes no mail"
}

abuse()
{
	# What a sanitizer keeps for itself is not counted.
	mb=300
	grep -q -e -fsanitize "$(atf_get_srcdir)/../../config.mk" && mb=3000
	python3 -B "$(atf_get_srcdir)/abuse.py" --dir "$site_dir" \
	    --memory $mb \
	    --log "$site_dir/log" --flood "$(atf_get_srcdir)/flood" \
	    --port smtp=$SITE_SMTP --port submission=$SITE_SUBMISSION \
	    --port submissions=$SITE_SUBMISSIONS --port imap=$SITE_IMAP \
	    --port imaps=$SITE_IMAPS --port pop3=$SITE_POP3 \
	    --port control="$(find "$site_dir" -name control.sock)" \
	    --port local="$site_dir/sendmail.sock" "$@"
}
