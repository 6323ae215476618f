/* Delivery status notifications (RFC 3464, RFC 6522, RFC 6533). */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "libmail/date.h"
#include "libsmtp/smtp_dsn.h"
#include "libsmtp/smtp_path.h"
#include "libsmtp/smtp_utf8.h"
#include "libsmtp/smtp_xtext.h"

#define DSN_COLS	76

/* What there is to say about each kind, worst first. */
static const struct {
	const char	*action;
	const char	*subject;
	const char	*text;
} kinds[] = {
	[SMTP_DSN_FAILED] = { "failed", "Undelivered mail",
	    "Your message could not be delivered to the address(es) below.  "
	    "No further attempt will be made." },
	[SMTP_DSN_DELAYED] = { "delayed", "Delayed mail",
	    "Your message could not yet be delivered to the address(es) "
	    "below.  You need not send it again: further attempts will be "
	    "made." },
	[SMTP_DSN_DELIVERED] = { "delivered", "Delivered mail",
	    "Your message was delivered to the address(es) below." },
	[SMTP_DSN_RELAYED] = { "relayed", "Relayed mail",
	    "Your message was passed on for the address(es) below to a "
	    "system that will not report its delivery." },
	[SMTP_DSN_EXPANDED] = { "expanded", "Delivered mail",
	    "Your message was passed on to all members of the address(es) "
	    "below." },
};

#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

struct writer {
	struct buf	*out;
	int		 utf8;	/* bytes over 127 may be written */
	int		 error;
};

static int
given(const char *s)
{
	return s != NULL && *s != '\0';
}

static void
put(struct writer *w, const char *s)
{
	w->error |= buf_addstr(w->out, s);
}

/* One character of outside text: no control characters. */
static void
put_char(struct writer *w, int c)
{
	if (c < ' ' || c == 0x7f || (c >= 0x80 && !w->utf8))
		c = '?';
	w->error |= buf_addc(w->out, c);
}

static void
put_clean(struct writer *w, const char *s)
{
	int	 ok = smtp_utf8_valid(s, strlen(s));

	for (; *s != '\0'; s++)
		put_char(w, !ok && (*s & 0x80) ? '?' : (unsigned char)*s);
}

/*
 * Words of s from column col on, lines that are full going on behind `more'.
 * A word longer than a line stands alone, and is cut at 500.
 */
static void
put_wrapped(struct writer *w, size_t col, const char *more, const char *s)
{
	char	 word[512];
	size_t	 len;
	int	 first = 1;

	while (*s != '\0') {
		s += strspn(s, " \t\r\n");
		len = strcspn(s, " \t\r\n");
		if (len == 0)
			break;
		if (len > 500)
			len = 500;
		memcpy(word, s, len);
		word[len] = '\0';
		s += len;
		if (!first && col + 1 + len > DSN_COLS) {
			put(w, "\r\n");
			put(w, more);
			col = strlen(more);
		} else if (!first) {
			put(w, " ");
			col++;
		}
		put_clean(w, word);
		col += len;
		first = 0;
	}
}

static void
put_date(struct writer *w, const char *field, int64_t t, int zone)
{
	char	 date[DATE_STRLEN];

	if (t == 0)
		return;
	date_format(date, t, zone);
	put(w, field);
	put(w, ": ");
	put(w, date);
	put(w, "\r\n");
}

static enum smtp_dsn_action
dsn_worst(const struct smtp_dsn *d)
{
	enum smtp_dsn_action	 worst = SMTP_DSN_EXPANDED;
	size_t			 i;

	for (i = 0; i < d->nrcpts; i++) {
		if (d->rcpts[i].action < worst)
			worst = d->rcpts[i].action;
	}
	return worst;
}

static void
put_part(struct writer *w, const struct smtp_dsn *d, const char *type,
    int eightbit)
{
	put(w, "--");
	put(w, d->boundary);
	put(w, "\r\nContent-Type: ");
	put(w, type);
	put(w, "\r\n");
	if (eightbit)
		put(w, "Content-Transfer-Encoding: 8bit\r\n");
}

static void
put_header(struct writer *w, const struct smtp_dsn *d, int eightbit)
{
	put(w, "From: Mail Delivery System <MAILER-DAEMON@");
	put_clean(w, d->host);
	put(w, ">\r\nTo: <");
	put_clean(w, d->to);
	put(w, ">\r\nSubject: ");
	put(w, kinds[dsn_worst(d)].subject);
	put(w, "\r\n");
	put_date(w, "Date", d->time == 0 ? 1 : d->time, d->zone);
	put(w, "Message-ID: <");
	put_clean(w, d->id);
	put(w, "@");
	put_clean(w, d->host);
	/* RFC 3834 5.2; RFC 6522: the type is that of the second part. */
	put(w, ">\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=");
	put(w, w->utf8 ? "global-delivery-status" : "delivery-status");
	put(w, ";\r\n\tboundary=\"");
	put(w, d->boundary);
	put(w, "\"\r\n");
	if (eightbit)
		put(w, "Content-Transfer-Encoding: 8bit\r\n");
	put(w, "\r\n");
}

static void
put_text_rcpt(struct writer *w, const struct smtp_dsn *d,
    const struct smtp_dsn_rcpt *r)
{
	char	 date[DATE_STRLEN];

	put(w, "    <");
	put_clean(w, r->addr);
	put(w, ">\r\n");
	if (given(r->diag)) {
		put(w, "        ");
		if (given(r->mta)) {
			put_clean(w, r->mta);
			put(w, " said:\r\n        ");
		}
		put_wrapped(w, 8, "        ", r->diag);
		put(w, "\r\n");
	}
	if (r->action == SMTP_DSN_DELAYED && r->until != 0) {
		date_format(date, r->until, d->zone);
		put(w, "        Attempts will go on until ");
		put(w, date);
		put(w, ".\r\n");
	}
	put(w, "\r\n");
}

static void
put_text(struct writer *w, const struct smtp_dsn *d)
{
	size_t	 kind, i;
	int	 any;

	put_part(w, d, w->utf8 ? "text/plain; charset=utf-8" :
	    "text/plain; charset=us-ascii", w->utf8);
	put(w, "\r\nThis is the mail system at ");
	put_clean(w, d->host);
	put(w, ".\r\n\r\n");
	for (kind = 0; kind < NKINDS; kind++) {
		any = 0;
		for (i = 0; i < d->nrcpts; i++) {
			if ((size_t)d->rcpts[i].action != kind)
				continue;
			if (!any) {
				put_wrapped(w, 0, "", kinds[kind].text);
				put(w, "\r\n\r\n");
				any = 1;
			}
			put_text_rcpt(w, d, &d->rcpts[i]);
		}
	}
	put_wrapped(w, 0, "", d->flags & SMTP_DSN_FULL ?
	    "Details for programs, and your message, are attached." :
	    "Details for programs, and the header of your message, are "
	    "attached.");
	put(w, "\r\n\r\n");
}

/* Field: type; address, as the kind of report can hold it. */
static void
put_address(struct writer *w, const char *field, const char *typed)
{
	char	 ascii[SMTP_PATH_MAX * 10 + 64];
	size_t	 type = strcspn(typed, ";");

	put(w, field);
	put(w, ": ");
	if (!w->utf8 && smtp_has_8bit(typed, strlen(typed)) &&
	    smtp_orcpt_encode(span_of(typed), 0, ascii, sizeof(ascii)) != -1)
		typed = ascii;
	for (; type > 0 && *typed != '\0'; type--)
		put_char(w, (unsigned char)*typed++);
	put(w, "; ");
	if (*typed == ';')
		typed++;
	put_clean(w, typed);
	put(w, "\r\n");
}

static void
put_status_rcpt(struct writer *w, const struct smtp_dsn *d,
    const struct smtp_dsn_rcpt *r)
{
	char	 typed[SMTP_PATH_MAX + 16];
	int	 smtp;

	put(w, "\r\n");
	if (given(r->orcpt))
		put_address(w, "Original-Recipient", r->orcpt);
	snprintf(typed, sizeof(typed), "%s;%s",
	    smtp_has_8bit(r->addr, strlen(r->addr)) ? "utf-8" : "rfc822",
	    r->addr);
	put_address(w, "Final-Recipient", typed);
	put(w, "Action: ");
	put(w, kinds[r->action].action);
	put(w, "\r\nStatus: ");
	put_clean(w, given(r->status) ? r->status :
	    r->action == SMTP_DSN_FAILED ? "5.0.0" :
	    r->action == SMTP_DSN_DELAYED ? "4.0.0" : "2.0.0");
	put(w, "\r\n");
	if (given(r->mta)) {
		put(w, "Remote-MTA: dns; ");
		put_clean(w, r->mta);
		put(w, "\r\n");
	}
	if (given(r->diag)) {
		/* A reply of SMTP's, or words of our own. */
		smtp = isdigit((unsigned char)r->diag[0]) &&
		    isdigit((unsigned char)r->diag[1]) &&
		    isdigit((unsigned char)r->diag[2]);
		put(w, smtp ? "Diagnostic-Code: smtp; " :
		    "Diagnostic-Code: X-maild; ");
		put_wrapped(w, 24, "\t", r->diag);
		put(w, "\r\n");
	}
	put_date(w, "Last-Attempt-Date", r->attempt, d->zone);
	if (r->action == SMTP_DSN_DELAYED)
		put_date(w, "Will-Retry-Until", r->until, d->zone);
}

static void
put_status(struct writer *w, const struct smtp_dsn *d)
{
	size_t	 i;

	put_part(w, d, w->utf8 ? "message/global-delivery-status" :
	    "message/delivery-status", w->utf8);
	put(w, "\r\n");
	if (given(d->envid)) {
		put(w, "Original-Envelope-Id: ");
		put_clean(w, d->envid);
		put(w, "\r\n");
	}
	put(w, "Reporting-MTA: dns; ");
	put_clean(w, d->host);
	put(w, "\r\n");
	if (given(d->queue_id)) {
		put(w, "X-Maild-ID: ");
		put_clean(w, d->queue_id);
		put(w, "\r\n");
	}
	put_date(w, "Arrival-Date", d->arrival, d->zone);
	for (i = 0; i < d->nrcpts; i++)
		put_status_rcpt(w, d, &d->rcpts[i]);
	put(w, "\r\n");
}

int
smtp_dsn_head(struct buf *out, const struct smtp_dsn *d)
{
	struct writer	 w = { out, (d->flags & SMTP_DSN_UTF8) != 0, 0 };
	size_t		 mark = out->len;
	int		 eightbit = (d->flags & SMTP_DSN_8BIT) != 0;
	const char	*type;

	put_header(&w, d, eightbit || w.utf8);
	put_text(&w, d);
	put_status(&w, d);
	if (d->flags & SMTP_DSN_FULL)
		type = w.utf8 ? "message/global" : "message/rfc822";
	else
		type = w.utf8 ? "message/global-headers" :
		    "text/rfc822-headers";
	put_part(&w, d, type, eightbit);
	put(&w, "\r\n");
	if (w.error == 0)
		return 0;
	buf_truncate(out, mark);
	return -1;
}

int
smtp_dsn_tail(struct buf *out, const struct smtp_dsn *d)
{
	return buf_addf(out, "\r\n--%s--\r\n", d->boundary);
}

int
smtp_dsn_put(struct buf *out, const struct smtp_dsn *d, struct span original)
{
	size_t	 mark = out->len;

	if (smtp_dsn_head(out, d) == -1)
		return -1;
	if (buf_add(out, original.p, original.len) == -1 ||
	    smtp_dsn_tail(out, d) == -1) {
		buf_truncate(out, mark);
		return -1;
	}
	return 0;
}
