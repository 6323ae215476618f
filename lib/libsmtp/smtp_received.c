/* The Received and Return-Path headers (RFC 5321 4.4). */

#include <ctype.h>
#include <string.h>

#include "libmail/date.h"
#include "libsmtp/smtp_received.h"

static int
given(const char *s)
{
	return s != NULL && *s != '\0';
}

/* A word that may stand anywhere in the header, in comments too. */
static int
put_word(struct buf *out, const char *s)
{
	char	 word[256];
	size_t	 n;

	for (n = 0; s[n] != '\0' && n < sizeof(word) - 1; n++) {
		word[n] = s[n];
		/* Parentheses, backslash, quotes, spaces, controls. */
		if ((unsigned char)s[n] <= ' ' || s[n] == 0x7f ||
		    strchr("()\\\"<>;", s[n]) != NULL)
			word[n] = '?';
	}
	return buf_add(out, word, n);
}

/* "helo (rdns [192.0.2.1])" */
static int
put_from(struct buf *out, const struct smtp_received *r)
{
	char	 ip[ADDR_STRLEN];
	int	 e = 0;

	e |= buf_addstr(out, "from ");
	e |= put_word(out, given(r->helo) ? r->helo : "unknown");
	if (r->client.family == 0)
		return e | buf_addstr(out, " (local)");
	e |= buf_addstr(out, " (");
	if (given(r->rdns)) {
		e |= put_word(out, r->rdns);
		e |= buf_addc(out, ' ');
	}
	addr_print_literal(&r->client, ip, sizeof(ip));
	e |= buf_addstr(out, ip);
	return e | buf_addc(out, ')');
}

/* An address may hold a quoted string with nearly anything printable. */
static int
put_address(struct buf *out, const char *s)
{
	int	 e = 0;

	e |= buf_addc(out, '<');
	for (; *s != '\0'; s++)
		e |= buf_addc(out, (unsigned char)*s < ' ' || *s == 0x7f ?
		    '?' : *s);
	return e | buf_addc(out, '>');
}

int
smtp_received_put(struct buf *out, const struct smtp_received *r)
{
	char	 date[DATE_STRLEN];
	size_t	 mark = out->len;
	int	 e = 0;

	e |= buf_addstr(out, "Received: ");
	if (!r->hide_client) {
		e |= put_from(out, r);
		e |= buf_addstr(out, "\r\n\t");
	}
	e |= buf_addstr(out, "by ");
	e |= put_word(out, given(r->by) ? r->by : "localhost");
	e |= buf_addstr(out, " (maild) with ");
	e |= put_word(out, given(r->with) ? r->with : "SMTP");
	if (given(r->id)) {
		e |= buf_addstr(out, " id ");
		e |= put_word(out, r->id);
	}
	if (given(r->tls_version)) {
		e |= buf_addstr(out, "\r\n\t(");
		e |= put_word(out, r->tls_version);
		if (given(r->tls_cipher)) {
			e |= buf_addc(out, ' ');
			e |= put_word(out, r->tls_cipher);
		}
		e |= buf_addc(out, ')');
	}
	if (given(r->rcpt)) {
		e |= buf_addstr(out, "\r\n\tfor ");
		e |= put_address(out, r->rcpt);
	}
	date_format(date, r->time, r->zone);
	e |= buf_addf(out, ";\r\n\t%s\r\n", date);
	if (e != 0) {
		buf_truncate(out, mark);
		return -1;
	}
	return 0;
}

int
smtp_return_path_put(struct buf *out, const char *from)
{
	size_t	 mark = out->len;

	if (buf_addstr(out, "Return-Path: ") == -1 ||
	    put_address(out, from) == -1 || buf_addstr(out, "\r\n") == -1) {
		buf_truncate(out, mark);
		return -1;
	}
	return 0;
}
