/*
 * A hostile client's lines, through the parser, the states and the marks.  The
 * first byte chooses the state that it begins in.
 */
#include <stdlib.h>
#include <string.h>

#include "libpop3/pop3_caps.h"
#include "libpop3/pop3_command.h"
#include "libpop3/pop3_drop.h"
#include "libpop3/pop3_line.h"
#include "libpop3/pop3_put.h"
#include "libpop3/pop3_state.h"
#include "libpop3/pop3_top.h"

#define MESSAGES	100

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
inside(struct span line, struct span s)
{
	if (s.p != NULL && (s.p < line.p || s.p + s.len > line.p + line.len))
		abort();
}

static void
marks(struct pop3_drop *d, const struct pop3_command *c)
{
	uint64_t	 octets;
	uint32_t	 count, n = 0, left = 0;

	if (c->verb == POP3_DELE && pop3_drop_has(d, c->number) &&
	    pop3_drop_delete(d, c->number) == -1)
		abort();
	if (c->verb == POP3_RETR && pop3_drop_has(d, c->number) &&
	    pop3_drop_see(d, c->number) == -1)
		abort();
	if (c->verb == POP3_RSET)
		pop3_drop_reset(d);
	while ((n = pop3_drop_next(d, n)) != 0)
		left++;
	if (pop3_drop_stat(d, &count, &octets) == -1 || count != left ||
	    octets != left * 3)
		abort();
}

static void
run(struct pop3_state *st, struct pop3_drop *d, struct span line)
{
	struct pop3_command	 c;
	struct pop3_top		 top;
	const char		*why;

	why = pop3_command_parse(&c, line);
	inside(line, c.text);
	inside(line, c.mech);
	inside(line, c.initial);
	if (why != NULL || pop3_state_check(st, c.verb) != NULL)
		return;
	if (st->phase == POP3_PHASE_TRANSACTION)
		marks(d, &c);
	switch (c.verb) {
	case POP3_USER:
		(void)pop3_state_event(st, POP3_EV_USER);
		break;
	case POP3_PASS:
		if (pop3_state_event(st, POP3_EV_SASL) == -1 ||
		    pop3_state_event(st, POP3_EV_LOGIN_OK) == -1)
			abort();
		break;
	case POP3_STLS:
		if (pop3_state_event(st, POP3_EV_TLS) == -1)
			abort();
		break;
	case POP3_UTF8:
		(void)pop3_state_event(st, POP3_EV_UTF8);
		break;
	case POP3_QUIT:
		if (pop3_state_event(st, POP3_EV_QUIT) == -1)
			abort();
		break;
	case POP3_TOP:
		pop3_top_init(&top, c.lines);
		if (pop3_top_add(&top, line.p, line.len) > line.len)
			abort();
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t	 flags[] = { 0, POP3_TLS, POP3_CAN_TLS,
				    POP3_PLAIN_OK };
	struct pop3_caps	 caps = { "PLAIN", 7 };
	struct pop3_state	 st;
	struct pop3_drop	 d;
	struct pop3_line	 l = { 0, 0 };
	struct span		 line;
	struct buf		 b;
	const char		*p = (const char *)data;
	enum codec		 codec;
	uint32_t		 n;
	size_t			 used;

	if (len == 0)
		return 0;
	pop3_state_init(&st, flags[*p & 3]);
	if (*p & 4 && (pop3_state_event(&st, POP3_EV_SASL) == -1 ||
	    pop3_state_event(&st, POP3_EV_LOGIN_OK) == -1))
		abort();
	pop3_drop_init(&d, MESSAGES);
	if (pop3_drop_sizes(&d) == -1)
		abort();
	for (n = 1; n <= MESSAGES; n++)
		pop3_drop_size(&d, n, 3);
	buf_init(&b, 4096);
	p++;
	len--;
	for (;;) {
		codec = pop3_line_get(&l, st.phase == POP3_PHASE_SASL, p, len,
		    &line, &used);
		if (used > len)
			abort();
		p += used;
		len -= used;
		if (codec == CODEC_MORE)
			break;
		if (codec != CODEC_DONE)
			continue;
		run(&st, &d, line);
		buf_truncate(&b, 0);
		if (pop3_caps_put(&b, &st, &caps) == -1 ||
		    pop3_put_challenge(&b, line.p,
		    line.len < 1024 ? line.len : 1024) == -1)
			abort();
	}
	buf_free(&b);
	pop3_drop_free(&d);
	return 0;
}
