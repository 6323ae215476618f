/* Parameters of MAIL and RCPT. */

#include <ctype.h>
#include <string.h>

#include "libmail/date.h"
#include "libsmtp/smtp_param.h"
#include "libsmtp/smtp_utf8.h"
#include "libsmtp/smtp_xtext.h"

static const struct smtp_answer
    param_unknown = { 555, "5.5.4 Parameter not recognized" },
    param_twice = { 501, "5.5.4 Parameter given twice" },
    param_syntax = { 501, "5.5.4 Syntax error in parameters" },
    bad_size = { 501, "5.5.4 SIZE takes a number of bytes" },
    bad_body = { 501, "5.5.4 BODY takes 7BIT or 8BITMIME" },
    bad_utf8 = { 501, "5.5.4 SMTPUTF8 takes no value" },
    bad_auth = { 501, "5.5.4 AUTH takes an address in xtext or <>" },
    bad_ret = { 501, "5.5.4 RET takes FULL or HDRS" },
    bad_envid = { 501, "5.5.4 ENVID takes up to 100 characters of xtext" },
    bad_notify = { 501,
	"5.5.4 NOTIFY takes NEVER or a list of SUCCESS, FAILURE, DELAY" },
    bad_orcpt = { 501, "5.5.4 ORCPT takes type;address in xtext" },
    bad_requiretls = { 501, "5.5.4 REQUIRETLS takes no value" },
    bad_hold = { 501, "5.5.4 HOLDFOR takes seconds, HOLDUNTIL a time" },
    bad_by = { 501, "5.5.4 BY takes seconds;R or seconds;N" },
    bad_priority = { 501, "5.5.4 MT-PRIORITY takes -9 to 9" };

/* A decimal of at most max digits; what does not fit is UINT64_MAX. */
static int
get_number(struct span v, size_t max, uint64_t *out)
{
	uint64_t	 n = 0;
	size_t		 i;
	unsigned int	 d;

	if (v.len == 0 || v.len > max)
		return -1;
	for (i = 0; i < v.len; i++) {
		if (!isdigit((unsigned char)v.p[i]))
			return -1;
		d = (unsigned int)(v.p[i] - '0');
		if (n > (UINT64_MAX - d) / 10)
			n = UINT64_MAX;
		else
			n = n * 10 + d;
	}
	*out = n;
	return 0;
}

static int
get_size(struct smtp_params *p, struct span v, uint32_t accept)
{
	return get_number(v, 20, &p->size);
}

static int
get_body(struct smtp_params *p, struct span v, uint32_t accept)
{
	if (span_ieqs(v, "7BIT"))
		p->body = SMTP_BODY_7BIT;
	else if (span_ieqs(v, "8BITMIME"))
		p->body = SMTP_BODY_8BITMIME;
	else if (span_ieqs(v, "BINARYMIME") && (accept & SMTP_PARAM_BINARY))
		p->body = SMTP_BODY_BINARYMIME;
	else
		return -1;
	return 0;
}

/* For those that stand without a value. */
static int
get_nothing(struct smtp_params *p, struct span v, uint32_t accept)
{
	return v.p == NULL ? 0 : -1;
}

static int
get_auth(struct smtp_params *p, struct span v, uint32_t accept)
{
	char	 decoded[512];

	if (!span_ieqs(v, "<>") &&
	    smtp_xtext_decode(v, decoded, sizeof(decoded)) <= 0)
		return -1;
	p->auth = v;
	return 0;
}

static int
get_ret(struct smtp_params *p, struct span v, uint32_t accept)
{
	if (span_ieqs(v, "FULL"))
		p->ret = SMTP_RET_FULL;
	else if (span_ieqs(v, "HDRS"))
		p->ret = SMTP_RET_HDRS;
	else
		return -1;
	return 0;
}

static int
get_envid(struct smtp_params *p, struct span v, uint32_t accept)
{
	char	 decoded[SMTP_ENVID_MAX + 1];

	if (v.len > SMTP_ENVID_MAX ||
	    smtp_xtext_decode(v, decoded, sizeof(decoded)) <= 0)
		return -1;
	p->envid = v;
	return 0;
}

static int
get_notify(struct smtp_params *p, struct span v, uint32_t accept)
{
	const char	*comma;
	struct span	 word;
	uint8_t		 bit;

	while (v.len > 0) {
		comma = memchr(v.p, ',', v.len);
		word.p = v.p;
		word.len = comma == NULL ? v.len : (size_t)(comma - v.p);
		if (span_ieqs(word, "NEVER"))
			bit = SMTP_NOTIFY_NEVER;
		else if (span_ieqs(word, "SUCCESS"))
			bit = SMTP_NOTIFY_SUCCESS;
		else if (span_ieqs(word, "FAILURE"))
			bit = SMTP_NOTIFY_FAILURE;
		else if (span_ieqs(word, "DELAY"))
			bit = SMTP_NOTIFY_DELAY;
		else
			return -1;
		p->notify |= bit;
		v.p += word.len;
		v.len -= word.len;
		if (comma != NULL) {
			v.p++;
			if (--v.len == 0)
				return -1;
		}
	}
	/* NEVER stands alone. */
	if (p->notify == 0 || ((p->notify & SMTP_NOTIFY_NEVER) &&
	    p->notify != SMTP_NOTIFY_NEVER))
		return -1;
	return 0;
}

static int
get_orcpt(struct smtp_params *p, struct span v, uint32_t accept)
{
	char	 decoded[SMTP_ORCPT_MAX + 1];

	if (v.len > SMTP_ORCPT_MAX ||
	    smtp_orcpt_decode(v, decoded, sizeof(decoded)) == -1)
		return -1;
	p->orcpt = v;
	return 0;
}

static int
get_holdfor(struct smtp_params *p, struct span v, uint32_t accept)
{
	uint64_t	 n;

	if (get_number(v, 9, &n) == -1)
		return -1;
	p->hold = (int64_t)n;
	return 0;
}

static int
get_fixed(const char *s, size_t len, int *out)
{
	uint64_t	 n;

	if (get_number((struct span){ s, len }, len, &n) == -1)
		return -1;
	*out = (int)n;
	return 0;
}

/* 2008-12-31T23:59:59Z (RFC 3339 with UTC, RFC 4865 5) */
static int
get_holduntil(struct smtp_params *p, struct span v, uint32_t accept)
{
	int	 y, mo, d, h, mi, s;

	if (v.len != 20 || v.p[4] != '-' || v.p[7] != '-' ||
	    toupper((unsigned char)v.p[10]) != 'T' || v.p[13] != ':' ||
	    v.p[16] != ':' || toupper((unsigned char)v.p[19]) != 'Z')
		return -1;
	if (get_fixed(v.p, 4, &y) == -1 || get_fixed(v.p + 5, 2, &mo) == -1 ||
	    get_fixed(v.p + 8, 2, &d) == -1 ||
	    get_fixed(v.p + 11, 2, &h) == -1 ||
	    get_fixed(v.p + 14, 2, &mi) == -1 ||
	    get_fixed(v.p + 17, 2, &s) == -1)
		return -1;
	if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 ||
	    mi > 59 || s > 60)
		return -1;
	p->hold = (int64_t)date_days(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
	p->hold_is_until = 1;
	return 0;
}

/* by-time ";" by-mode [by-trace] (RFC 2852 4) */
static int
get_by(struct smtp_params *p, struct span v, uint32_t accept)
{
	const char	*semi;
	struct span	 num = v;
	uint64_t	 n;
	int		 minus = 0;

	if (v.len == 0 || (semi = memchr(v.p, ';', v.len)) == NULL)
		return -1;
	num.len = (size_t)(semi - v.p);
	if (num.len > 0 && (*num.p == '-' || *num.p == '+')) {
		minus = *num.p == '-';
		num.p++;
		num.len--;
	}
	if (get_number(num, 9, &n) == -1)
		return -1;
	p->by = minus ? -(int64_t)n : (int64_t)n;
	v.len -= (size_t)(semi + 1 - v.p);
	v.p = semi + 1;
	if (v.len == 2 && toupper((unsigned char)v.p[1]) == 'T')
		p->by_trace = 1;
	else if (v.len != 1)
		return -1;
	switch (toupper((unsigned char)v.p[0])) {
	case 'R':
		p->by_return = 1;
		/* FALLTHROUGH */
	case 'N':
		break;
	default:
		return -1;
	}
	/* To return a message because no time is left makes no sense. */
	return p->by_return && p->by <= 0 ? -1 : 0;
}

static int
get_priority(struct smtp_params *p, struct span v, uint32_t accept)
{
	int	 minus = 0;

	if (v.len == 2 && *v.p == '-') {
		minus = 1;
		v.p++;
		v.len--;
	}
	if (v.len != 1 || !isdigit((unsigned char)*v.p))
		return -1;
	p->priority = (int8_t)(minus ? '0' - *v.p : *v.p - '0');
	return 0;
}

static const struct param {
	const char			*name;
	uint32_t			 bit;
	int				 rcpt;
	int				(*get)(struct smtp_params *,
					    struct span, uint32_t);
	const struct smtp_answer	*bad;
} params[] = {
	{ "SIZE", SMTP_PARAM_SIZE, 0, get_size, &bad_size },
	{ "BODY", SMTP_PARAM_BODY, 0, get_body, &bad_body },
	{ "SMTPUTF8", SMTP_PARAM_SMTPUTF8, 0, get_nothing, &bad_utf8 },
	{ "AUTH", SMTP_PARAM_AUTH, 0, get_auth, &bad_auth },
	{ "RET", SMTP_PARAM_RET, 0, get_ret, &bad_ret },
	{ "ENVID", SMTP_PARAM_ENVID, 0, get_envid, &bad_envid },
	{ "NOTIFY", SMTP_PARAM_NOTIFY, 1, get_notify, &bad_notify },
	{ "ORCPT", SMTP_PARAM_ORCPT, 1, get_orcpt, &bad_orcpt },
	{ "REQUIRETLS", SMTP_PARAM_REQUIRETLS, 0, get_nothing,
	    &bad_requiretls },
	{ "HOLDFOR", SMTP_PARAM_HOLD, 0, get_holdfor, &bad_hold },
	{ "HOLDUNTIL", SMTP_PARAM_HOLD, 0, get_holduntil, &bad_hold },
	{ "BY", SMTP_PARAM_BY, 0, get_by, &bad_by },
	{ "MT-PRIORITY", SMTP_PARAM_PRIORITY, 0, get_priority,
	    &bad_priority },
};

/* keyword ["=" value]; the value's p is NULL when there is none. */
static int
split(struct span word, struct span *name, struct span *value)
{
	size_t	 i, n;

	for (n = 0; n < word.len && word.p[n] != '='; n++) {
		if (!isalnum((unsigned char)word.p[n]) &&
		    (word.p[n] != '-' || n == 0))
			return -1;
	}
	name->p = word.p;
	name->len = n;
	*value = SPAN_NONE;
	if (n == 0)
		return -1;
	if (n == word.len)
		return 0;
	value->p = word.p + n + 1;
	value->len = word.len - n - 1;
	if (value->len == 0)
		return -1;
	for (i = 0; i < value->len; i++) {
		if (value->p[i] == '=' || value->p[i] == 0x7f ||
		    (unsigned char)value->p[i] <= ' ')
			return -1;
	}
	return smtp_utf8_valid(value->p, value->len) ? 0 : -1;
}

static const struct smtp_answer *
param_one(struct smtp_params *p, struct span word, int rcpt, uint32_t accept)
{
	const struct param	*row;
	struct span		 name, value;
	size_t			 i;

	if (split(word, &name, &value) == -1)
		return &param_syntax;
	for (i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		row = &params[i];
		if (row->rcpt != rcpt || !(accept & row->bit) ||
		    !span_ieqs(name, row->name))
			continue;
		if (p->set & row->bit)
			return &param_twice;
		p->set |= row->bit;
		return row->get(p, value, accept) == 0 ? NULL : row->bad;
	}
	return &param_unknown;
}

const struct smtp_answer *
smtp_params_parse(struct smtp_params *p, struct span s, int rcpt,
    uint32_t accept)
{
	const struct smtp_answer	*answer;
	struct span			 word;
	const char			*sp;

	memset(p, 0, sizeof(*p));
	while (s.len > 0) {
		if (*s.p == ' ') {
			s.p++;
			s.len--;
			continue;
		}
		sp = memchr(s.p, ' ', s.len);
		word.p = s.p;
		word.len = sp == NULL ? s.len : (size_t)(sp - s.p);
		if ((answer = param_one(p, word, rcpt, accept)) != NULL)
			return answer;
		s.p += word.len;
		s.len -= word.len;
	}
	return NULL;
}
