/* What a server can do: the lines of the reply to EHLO or LHLO. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "libsmtp/smtp_answer.h"
#include "libsmtp/smtp_caps.h"

static const struct {
	const char	*name;
	uint32_t	 bit;
} caps[] = {
	{ "PIPELINING", SMTP_CAP_PIPELINING },
	{ "SIZE", SMTP_CAP_SIZE },
	{ "8BITMIME", SMTP_CAP_8BITMIME },
	{ "SMTPUTF8", SMTP_CAP_SMTPUTF8 },
	{ "CHUNKING", SMTP_CAP_CHUNKING },
	{ "BINARYMIME", SMTP_CAP_BINARYMIME },
	{ "STARTTLS", SMTP_CAP_STARTTLS },
	{ "AUTH", SMTP_CAP_AUTH },
	{ "DSN", SMTP_CAP_DSN },
	{ "ENHANCEDSTATUSCODES", SMTP_CAP_ENHANCED },
	{ "REQUIRETLS", SMTP_CAP_REQUIRETLS },
	{ "LIMITS", SMTP_CAP_LIMITS },
	{ "VRFY", SMTP_CAP_VRFY },
	{ "HELP", SMTP_CAP_HELP },
};

/* Best first: the order in which they are offered. */
static const struct {
	const char	*name;
	uint32_t	 bit;
} mechs[] = {
	{ "SCRAM-SHA-256-PLUS", SMTP_MECH_SCRAM_SHA256_PLUS },
	{ "SCRAM-SHA-256", SMTP_MECH_SCRAM_SHA256 },
	{ "SCRAM-SHA-1-PLUS", SMTP_MECH_SCRAM_SHA1_PLUS },
	{ "SCRAM-SHA-1", SMTP_MECH_SCRAM_SHA1 },
	{ "OAUTHBEARER", SMTP_MECH_OAUTHBEARER },
	{ "XOAUTH2", SMTP_MECH_XOAUTH2 },
	{ "EXTERNAL", SMTP_MECH_EXTERNAL },
	{ "PLAIN", SMTP_MECH_PLAIN },
	{ "LOGIN", SMTP_MECH_LOGIN },
	{ "CRAM-MD5", SMTP_MECH_CRAM_MD5 },
};

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

uint32_t
smtp_mech_find(struct span name)
{
	size_t	 i;

	for (i = 0; i < NITEMS(mechs); i++) {
		if (span_ieqs(name, mechs[i].name))
			return mechs[i].bit;
	}
	return 0;
}

const char *
smtp_mech_name(uint32_t mech)
{
	size_t	 i;

	for (i = 0; i < NITEMS(mechs); i++) {
		if (mechs[i].bit == mech)
			return mechs[i].name;
	}
	return NULL;
}

/* Up to the next space (or `=', as in AUTH=PLAIN of old), taken off s. */
static struct span
next_word(struct span *s, int equals)
{
	struct span	 w;

	while (s->len > 0 && (*s->p == ' ' || *s->p == '\t')) {
		s->p++;
		s->len--;
	}
	w = *s;
	while (s->len > 0 && *s->p != ' ' && *s->p != '\t' &&
	    !(equals && *s->p == '=')) {
		s->p++;
		s->len--;
	}
	w.len -= s->len;
	if (s->len > 0) {
		s->p++;
		s->len--;
	}
	return w;
}

/* A number; what is none or too large is 0, which means not said. */
static uint64_t
get_number(struct span w)
{
	uint64_t	 n = 0;
	size_t		 i;

	if (w.len > 18)
		return 0;
	for (i = 0; i < w.len; i++) {
		if (!isdigit((unsigned char)w.p[i]))
			return 0;
		n = n * 10 + (uint64_t)(w.p[i] - '0');
	}
	return n;
}

static void
get_limit(struct smtp_caps *c, struct span w)
{
	struct span	 name;
	uint64_t	 n;

	name = next_word(&w, 1);
	n = get_number(w);
	if (n > UINT32_MAX)
		n = UINT32_MAX;
	if (span_ieqs(name, "MAILMAX"))
		c->mailmax = (uint32_t)n;
	else if (span_ieqs(name, "RCPTMAX"))
		c->rcptmax = (uint32_t)n;
	else if (span_ieqs(name, "RCPTDOMAINMAX"))
		c->rcptdomainmax = (uint32_t)n;
}

static void
caps_line(struct smtp_caps *c, struct span line)
{
	struct span	 name = next_word(&line, 1);
	uint32_t	 bit = 0;
	size_t		 i;

	for (i = 0; i < NITEMS(caps); i++) {
		if (span_ieqs(name, caps[i].name))
			bit = caps[i].bit;
	}
	c->has |= bit;
	if (bit == SMTP_CAP_SIZE)
		c->size = get_number(next_word(&line, 0));
	else if (bit == SMTP_CAP_AUTH) {
		while (line.len > 0)
			c->mechs |= smtp_mech_find(next_word(&line, 0));
	} else if (bit == SMTP_CAP_LIMITS) {
		while (line.len > 0)
			get_limit(c, next_word(&line, 0));
	}
}

void
smtp_caps_parse(struct smtp_caps *c, const struct smtp_reply *r)
{
	struct span	 s = r->text, line;
	const char	*nl;
	int		 first = 1;

	memset(c, 0, sizeof(*c));
	while (s.len > 0) {
		nl = memchr(s.p, '\n', s.len);
		line.p = s.p;
		line.len = nl == NULL ? s.len : (size_t)(nl - s.p);
		/* The first line is the server's name and a greeting. */
		if (!first)
			caps_line(c, line);
		first = 0;
		s.p += line.len + (nl != NULL);
		s.len -= line.len + (nl != NULL);
	}
}

static int
caps_args(struct buf *b, const struct smtp_caps *c, uint32_t bit)
{
	size_t	 i;
	int	 error = 0;

	switch (bit) {
	case SMTP_CAP_SIZE:
		if (c->size != 0)
			error |= buf_addf(b, " %llu",
			    (unsigned long long)c->size);
		break;
	case SMTP_CAP_AUTH:
		for (i = 0; i < NITEMS(mechs); i++) {
			if (c->mechs & mechs[i].bit)
				error |= buf_addf(b, " %s", mechs[i].name);
		}
		break;
	case SMTP_CAP_LIMITS:
		if (c->mailmax != 0)
			error |= buf_addf(b, " MAILMAX=%u", c->mailmax);
		if (c->rcptmax != 0)
			error |= buf_addf(b, " RCPTMAX=%u", c->rcptmax);
		if (c->rcptdomainmax != 0)
			error |= buf_addf(b, " RCPTDOMAINMAX=%u",
			    c->rcptdomainmax);
		break;
	}
	return error == 0 ? 0 : -1;
}

int
smtp_caps_put(struct buf *out, const struct smtp_caps *c,
    const char *greeting)
{
	struct buf	 text;
	size_t		 i;
	int		 error = 0;

	buf_init(&text, 4096);
	error |= buf_addstr(&text, greeting);
	for (i = 0; i < NITEMS(caps); i++) {
		if (!(c->has & caps[i].bit))
			continue;
		error |= buf_addf(&text, "\n%s", caps[i].name);
		error |= caps_args(&text, c, caps[i].bit);
	}
	error |= buf_addc(&text, '\0');
	if (error == 0)
		error = smtp_answer_put(out, 250,
		    (const char *)buf_ptr(&text));
	buf_free(&text);
	return error == 0 ? 0 : -1;
}
