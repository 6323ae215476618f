/* The order of commands in a session, as tables. */

#include <string.h>

#include "libpop3/pop3_state.h"

#define P(phase)	(1U << POP3_PHASE_##phase)

/* In which phases a command can come, and what else it is told in others. */
static const uint8_t	 when[POP3_NVERBS] = {
	[POP3_APOP] =	P(AUTH),
	[POP3_AUTH] =	P(AUTH),
	[POP3_CAPA] =	P(AUTH) | P(TRANSACTION),
	[POP3_DELE] =	P(TRANSACTION),
	[POP3_LANG] =	P(AUTH) | P(TRANSACTION),
	[POP3_LIST] =	P(TRANSACTION),
	/* Clients send it to see whether we live, at any time. */
	[POP3_NOOP] =	P(AUTH) | P(TRANSACTION),
	[POP3_PASS] =	P(AUTH),
	[POP3_QUIT] =	P(AUTH) | P(TRANSACTION),
	[POP3_RETR] =	P(TRANSACTION),
	[POP3_RSET] =	P(TRANSACTION),
	[POP3_STAT] =	P(TRANSACTION),
	[POP3_STLS] =	P(AUTH),
	[POP3_TOP] =	P(TRANSACTION),
	[POP3_UIDL] =	P(TRANSACTION),
	[POP3_USER] =	P(AUTH),
	[POP3_UTF8] =	P(AUTH),
	[POP3_UNKNOWN] = P(AUTH) | P(TRANSACTION)
};

#define V(verb)		(1U << POP3_##verb)

/*
 * What else stands in a verb's way, in the order of asking: the answer is given
 * when all of `with' and none of `without' is set.
 */
static const struct {
	uint32_t	 verbs;
	uint8_t		 with;
	uint8_t		 without;
	const char	*answer;
} hurdles[] = {
	{ V(APOP), 0, 0, "APOP is not offered" },
	{ V(STLS), POP3_TLS, 0, "TLS is on already" },
	{ V(STLS), 0, POP3_CAN_TLS, "STLS is not offered" },
	/* RFC 6856 2.1 */
	{ V(STLS), POP3_UTF8_MODE, 0, "STLS has to come before UTF8" },
	{ V(AUTH) | V(USER) | V(PASS), POP3_CAN_TLS,
	    POP3_TLS | POP3_PLAIN_OK, "Logging in takes TLS: say STLS first" },
	{ V(AUTH) | V(USER) | V(PASS), 0, POP3_TLS | POP3_PLAIN_OK,
	    "Logging in takes TLS" },
	{ V(PASS), 0, POP3_NAMED, "USER has to come first" }
};

static const struct {
	uint8_t		from;		/* in which phases it can happen */
	uint8_t		to;
	uint8_t		set, clear;	/* flags */
} moves[POP3_NEVENTS] = {
	[POP3_EV_TLS] =		{ P(AUTH), POP3_PHASE_AUTH, POP3_TLS,
				    POP3_NAMED },
	[POP3_EV_USER] =	{ P(AUTH), POP3_PHASE_AUTH, POP3_NAMED, 0 },
	[POP3_EV_UTF8] =	{ P(AUTH), POP3_PHASE_AUTH,
				    POP3_UTF8_MODE, 0 },
	[POP3_EV_SASL] =	{ P(AUTH), POP3_PHASE_SASL, 0, POP3_NAMED },
	[POP3_EV_LOGIN_OK] =	{ P(SASL), POP3_PHASE_TRANSACTION, 0, 0 },
	[POP3_EV_LOGIN_NO] =	{ P(SASL), POP3_PHASE_AUTH, 0, 0 },
	[POP3_EV_QUIT] =	{ P(AUTH) | P(TRANSACTION),
				    POP3_PHASE_UPDATE, 0, 0 }
};

void
pop3_state_init(struct pop3_state *s, uint8_t flags)
{
	s->phase = POP3_PHASE_AUTH;
	s->flags = flags;
}

const char *
pop3_state_check(const struct pop3_state *s, enum pop3_verb verb)
{
	size_t	 i;

	if ((unsigned)verb >= POP3_NVERBS || s->phase >= POP3_NPHASES ||
	    !(when[verb] & (1U << s->phase))) {
		if (s->phase == POP3_PHASE_AUTH)
			return "Log in first";
		if (s->phase == POP3_PHASE_TRANSACTION)
			return "You are logged in already";
		return "No command is expected here";
	}
	for (i = 0; i < sizeof(hurdles) / sizeof(hurdles[0]); i++) {
		if (hurdles[i].verbs & (1U << verb) &&
		    (s->flags & hurdles[i].with) == hurdles[i].with &&
		    (s->flags & hurdles[i].without) == 0)
			return hurdles[i].answer;
	}
	return NULL;
}

int
pop3_state_event(struct pop3_state *s, enum pop3_event ev)
{
	if (!(moves[ev].from & (1U << s->phase)))
		return -1;
	s->phase = moves[ev].to;
	s->flags = (uint8_t)((s->flags & ~moves[ev].clear) | moves[ev].set);
	return 0;
}

int
pop3_state_may_login(const struct pop3_state *s)
{
	return s->phase == POP3_PHASE_AUTH &&
	    (s->flags & (POP3_TLS | POP3_PLAIN_OK)) != 0;
}
