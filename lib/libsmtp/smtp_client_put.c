/* MAIL and RCPT as a client writes them. */

#include "libsmtp/smtp_client_put.h"
#include "libsmtp/smtp_param.h"
#include "libsmtp/smtp_path.h"
#include "libsmtp/smtp_utf8.h"
#include "libsmtp/smtp_xtext.h"

/* No line end, no control character, and UTF-8 if not ASCII. */
static enum smtp_put
address_check(const char *s)
{
	struct span	 a = span_of(s);
	size_t		 i;

	if (a.len > SMTP_PATH_MAX)
		return SMTP_PUT_BAD;
	for (i = 0; i < a.len; i++) {
		if ((unsigned char)a.p[i] < ' ' || a.p[i] == 0x7f)
			return SMTP_PUT_BAD;
	}
	if (!smtp_has_8bit(a.p, a.len))
		return SMTP_PUT_ASCII;
	return smtp_utf8_valid(a.p, a.len) ? SMTP_PUT_UTF8 : SMTP_PUT_BAD;
}

enum smtp_put
smtp_put_check(const struct smtp_trans *t)
{
	enum smtp_put	 all, one;
	size_t		 i;

	all = address_check(t->from);
	for (i = 0; i < t->nrcpts; i++) {
		one = address_check(t->rcpts[i].addr);
		if (one > all)
			all = one;
	}
	return all;
}

int
smtp_put_mail(struct buf *out, uint32_t caps, const struct smtp_trans *t)
{
	char	 xtext[SMTP_ENVID_MAX * 3 + 1];
	int	 e = 0;

	e |= buf_addf(out, "MAIL FROM:<%s>", t->from);
	if ((caps & SMTP_CAP_SIZE) && t->size != 0)
		e |= buf_addf(out, " SIZE=%llu", (unsigned long long)t->size);
	/* Without 8BITMIME it is sent all the same, as everybody does. */
	if ((t->flags & (SMTP_TRANS_8BIT | SMTP_TRANS_UTF8)) &&
	    (caps & SMTP_CAP_8BITMIME))
		e |= buf_addstr(out, " BODY=8BITMIME");
	if (t->flags & SMTP_TRANS_UTF8)
		e |= buf_addstr(out, " SMTPUTF8");
	if (t->flags & SMTP_TRANS_REQUIRETLS)
		e |= buf_addstr(out, " REQUIRETLS");
	if (caps & SMTP_CAP_DSN) {
		if (t->flags & SMTP_TRANS_RET_FULL)
			e |= buf_addstr(out, " RET=FULL");
		else if (t->flags & SMTP_TRANS_RET_HDRS)
			e |= buf_addstr(out, " RET=HDRS");
		if (t->envid != NULL && smtp_xtext_encode(span_of(t->envid),
		    xtext, sizeof(xtext)) > 0)
			e |= buf_addf(out, " ENVID=%s", xtext);
	}
	e |= buf_addstr(out, "\r\n");
	return e == 0 ? 0 : -1;
}

static int
put_notify(uint8_t notify, struct buf *out)
{
	static const struct {
		uint8_t		 bit;
		const char	*name;
	} names[] = {
		{ SMTP_NOTIFY_NEVER, "NEVER" },
		{ SMTP_NOTIFY_SUCCESS, "SUCCESS" },
		{ SMTP_NOTIFY_FAILURE, "FAILURE" },
		{ SMTP_NOTIFY_DELAY, "DELAY" },
	};
	const char	*sep = " NOTIFY=";
	size_t		 i;
	int		 e = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(notify & names[i].bit))
			continue;
		e |= buf_addf(out, "%s%s", sep, names[i].name);
		if (names[i].bit == SMTP_NOTIFY_NEVER)
			break;
		sep = ",";
	}
	return e;
}

int
smtp_put_rcpt(struct buf *out, uint32_t caps, const struct smtp_trans *t,
    size_t rcpt)
{
	const struct smtp_rcpt	*r = &t->rcpts[rcpt];
	char			 orcpt[SMTP_ORCPT_MAX * 3];
	int			 e = 0;

	e |= buf_addf(out, "RCPT TO:<%s>", r->addr);
	if (caps & SMTP_CAP_DSN) {
		e |= put_notify(r->notify, out);
		if (r->orcpt != NULL && *r->orcpt != '\0' &&
		    smtp_orcpt_encode(span_of(r->orcpt),
		    (t->flags & SMTP_TRANS_UTF8) != 0, orcpt,
		    sizeof(orcpt)) > 0)
			e |= buf_addf(out, " ORCPT=%s", orcpt);
	}
	e |= buf_addstr(out, "\r\n");
	return e == 0 ? 0 : -1;
}
