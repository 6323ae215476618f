/*
 * A session: lines of a client and, between them, what became of what they
 * asked for.  Lines that begin with `!' are events, by number.  Whatever the
 * order, what must not be is not: no mail without the TLS and AUTH that the
 * listener wants, no answer to a recipient that nobody waits for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_command.h"
#include "libsmtp/smtp_line.h"
#include "libsmtp/smtp_server_state.h"

#define CAPS	(SMTP_CAP_STARTTLS | SMTP_CAP_AUTH | SMTP_CAP_CHUNKING | \
		SMTP_CAP_SIZE | SMTP_CAP_8BITMIME | SMTP_CAP_REQUIRETLS)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
invariants(const struct smtp_server *s)
{
	if (s->phase >= SMTP_NPHASES || smtp_server_with(s, 0) == NULL)
		abort();
	if (s->phase == SMTP_PHASE_MAIL || s->phase == SMTP_PHASE_RCPT ||
	    s->phase == SMTP_PHASE_BDAT || s->phase == SMTP_PHASE_DATA) {
		if ((s->flags & SMTP_SERVER_MUST_TLS &&
		    !(s->flags & SMTP_SERVER_TLS)) ||
		    (s->flags & SMTP_SERVER_MUST_AUTH &&
		    !(s->flags & SMTP_SERVER_AUTHED)))
			abort();
	}
	if ((s->phase == SMTP_PHASE_RCPT || s->phase == SMTP_PHASE_DATA) &&
	    s->accepted == 0)
		abort();
	if (s->phase == SMTP_PHASE_START && s->accepted + s->waiting > 0)
		abort();
	/* STARTTLS is offered once. */
	if (s->flags & SMTP_SERVER_TLS &&
	    smtp_server_caps(s) & SMTP_CAP_STARTTLS)
		abort();
}

/* What the session does when a command may come. */
static void
begin(struct smtp_server *s, const struct smtp_command *c)
{
	static const struct {
		enum smtp_verb	verb;
		enum smtp_event	event;
	} leads[] = {
		{ SMTP_HELO, SMTP_EV_HELO }, { SMTP_EHLO, SMTP_EV_EHLO },
		{ SMTP_LHLO, SMTP_EV_EHLO }, { SMTP_MAIL, SMTP_EV_MAIL },
		{ SMTP_RCPT, SMTP_EV_RCPT }, { SMTP_DATA, SMTP_EV_DATA },
		{ SMTP_RSET, SMTP_EV_RSET }, { SMTP_STARTTLS, SMTP_EV_TLS },
		{ SMTP_AUTH, SMTP_EV_AUTH }
	};
	size_t	 i;

	if (smtp_server_check(s, c->verb) != NULL ||
	    smtp_server_waits(s, c->verb))
		return;
	if (c->verb == SMTP_BDAT && smtp_server_event(s, c->last ?
	    SMTP_EV_END : SMTP_EV_CHUNK) == -1)
		abort();
	for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (leads[i].verb == c->verb &&
		    smtp_server_event(s, leads[i].event) == -1)
			abort();
}

/* Those that a client's line does not lead to. */
static void
event(struct smtp_server *s, unsigned ev)
{
	static const uint8_t	 later[] = { SMTP_EV_RCPT_OK, SMTP_EV_RCPT_NO,
		SMTP_EV_END, SMTP_EV_AUTH_OK, SMTP_EV_AUTH_NO };
	uint32_t		 waiting = s->waiting;
	uint8_t			 e = later[ev % sizeof(later)];

	if (smtp_server_event(s, e) == 0 && waiting == 0 &&
	    (e == SMTP_EV_RCPT_OK || e == SMTP_EV_RCPT_NO))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct smtp_command_opts o = { 0, 0 };
	struct smtp_command	 c;
	struct smtp_server	 s;
	struct smtp_line	 l = { 0, 0 };
	struct span		 line;
	enum codec		 codec;
	const char		*p = (const char *)data;
	size_t			 used;
	uint8_t			 flags;

	if (len < 2)
		return 0;
	flags = (uint8_t)p[1] & (SMTP_SERVER_TLS | SMTP_SERVER_MUST_TLS |
	    SMTP_SERVER_MUST_AUTH | SMTP_SERVER_AUTH_TLS);
	smtp_server_init(&s, (enum smtp_kind)((uint8_t)p[0] % 3), CAPS, flags);
	p += 2;
	len -= 2;
	for (;;) {
		codec = smtp_line_get(&l, s.phase == SMTP_PHASE_AUTH ?
		    SMTP_LINE_SASL : SMTP_LINE_COMMAND, p, len, &line, &used);
		p += used;
		len -= used;
		if (codec == CODEC_MORE)
			break;
		if (codec != CODEC_DONE)
			continue;
		o.params = smtp_server_params(&s);
		if (line.len > 1 && line.p[0] == '!')
			event(&s, (unsigned char)line.p[1]);
		else if (s.phase != SMTP_PHASE_AUTH &&
		    s.phase != SMTP_PHASE_DATA &&
		    smtp_command_parse(&c, line, &o) == NULL)
			begin(&s, &c);
		invariants(&s);
	}
	return 0;
}
