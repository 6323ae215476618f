/* The order of commands in a server's session, as tables. */

#include <string.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_server_state.h"

static const struct smtp_answer
    say_helo = { 503, "5.5.1 Say EHLO first" },
    say_lhlo = { 503, "5.5.1 Say LHLO first" },
    say_mail = { 503, "5.5.1 MAIL has to come first" },
    say_rcpt = { 503, "5.5.1 RCPT has to come first" },
    say_rcpt_ok = { 554, "5.5.1 No valid recipients" },
    say_last = { 503, "5.5.1 Finish with BDAT LAST or RSET first" },
    say_nested = { 503, "5.5.1 MAIL was given already" },
    say_within = { 503, "5.5.1 Not within a mail transaction" },
    say_bytes = { 503, "5.5.1 No command is expected here" },
    not_lmtp = { 500, "5.5.1 This is LMTP: say LHLO" },
    not_smtp = { 500, "5.5.1 This is not LMTP: say EHLO" },
    no_starttls = { 502, "5.5.1 STARTTLS is not offered" },
    tls_already = { 503, "5.5.1 TLS is on already" },
    tls_first = { 530, "5.7.0 Must issue a STARTTLS command first" },
    auth_tls = { 538, "5.7.11 Encryption required for authentication" },
    no_auth = { 502, "5.5.1 AUTH is not offered" },
    auth_ehlo = { 503, "5.5.1 Say EHLO, not HELO, before AUTH" },
    auth_already = { 503, "5.5.1 Already authenticated" },
    auth_first = { 530, "5.7.0 Authentication required" },
    no_chunking = { 502, "5.5.1 BDAT is not offered" },
    no_expn = { 502, "5.5.1 EXPN is not offered" };

/* May come; depends on the recipients so far; else its answer. */
static const struct smtp_answer	 OK, RC;

/* By verb, then by phase from START to BDAT. */
static const struct smtp_answer	*const order[SMTP_NVERBS][5] = {
	[SMTP_EHLO] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_HELO] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_LHLO] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_MAIL] =	{ &say_helo, &OK, &say_nested, &say_nested,
			    &say_nested },
	[SMTP_RCPT] =	{ &say_helo, &say_mail, &OK, &OK, &say_last },
	[SMTP_DATA] =	{ &say_helo, &say_mail, &RC, &OK, &say_last },
	[SMTP_BDAT] =	{ &say_helo, &say_mail, &RC, &OK, &OK },
	[SMTP_RSET] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_NOOP] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_QUIT] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_VRFY] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_EXPN] =	{ &no_expn, &no_expn, &no_expn, &no_expn, &no_expn },
	[SMTP_HELP] =	{ &OK, &OK, &OK, &OK, &OK },
	[SMTP_STARTTLS] = { &say_helo, &OK, &say_within, &say_within,
			    &say_within },
	[SMTP_AUTH] =	{ &say_helo, &OK, &say_within, &say_within,
			    &say_within },
	/* These have had their answer from the parser. */
	[SMTP_FOREIGN] = { &OK, &OK, &OK, &OK, &OK },
	[SMTP_UNKNOWN] = { &OK, &OK, &OK, &OK, &OK },
};

#define V(verb)		(1U << (verb))
#define K_LMTP		V(SMTP_KIND_LMTP)
#define K_SMTP		(V(SMTP_KIND_MX) | V(SMTP_KIND_SUBMISSION))
#define K_ANY		(K_LMTP | K_SMTP)

/*
 * What else stands in a verb's way, in the order of asking: the answer is
 * given when all of `with' and none of `without' is set, and (caps not 0) the
 * listener does not have those.
 */
static const struct {
	uint32_t			 verbs;
	uint8_t				 kinds;
	uint8_t				 with;
	uint8_t				 without;
	uint32_t			 caps;
	const struct smtp_answer	*answer;
} hurdles[] = {
	{ V(SMTP_EHLO) | V(SMTP_HELO), K_LMTP, 0, 0, 0, &not_lmtp },
	{ V(SMTP_LHLO), K_SMTP, 0, 0, 0, &not_smtp },
	{ V(SMTP_STARTTLS), K_ANY, SMTP_SERVER_TLS, 0, 0, &tls_already },
	{ V(SMTP_STARTTLS), K_ANY, 0, 0, SMTP_CAP_STARTTLS, &no_starttls },
	{ V(SMTP_AUTH), K_ANY, SMTP_SERVER_AUTHED, 0, 0, &auth_already },
	{ V(SMTP_AUTH), K_ANY, 0, 0, SMTP_CAP_AUTH, &no_auth },
	{ V(SMTP_AUTH), K_ANY, SMTP_SERVER_AUTH_TLS, SMTP_SERVER_TLS, 0,
	    &auth_tls },
	{ V(SMTP_MAIL) | V(SMTP_AUTH) | V(SMTP_VRFY), K_ANY,
	    SMTP_SERVER_MUST_TLS, SMTP_SERVER_TLS, 0, &tls_first },
	{ V(SMTP_MAIL) | V(SMTP_VRFY), K_ANY, SMTP_SERVER_MUST_AUTH,
	    SMTP_SERVER_AUTHED, 0, &auth_first },
	{ V(SMTP_BDAT), K_ANY, 0, 0, SMTP_CAP_CHUNKING, &no_chunking },
};

#define P(phase)	(1U << SMTP_PHASE_##phase)
#define P_IDLE		(P(START) | P(READY) | P(MAIL) | P(RCPT) | P(BDAT))
#define SAME		SMTP_NPHASES

static const struct {
	uint8_t		from;		/* in which phases it can happen */
	uint8_t		to;
} moves[SMTP_NEVENTS] = {
	[SMTP_EV_HELO] =	{ P_IDLE, SMTP_PHASE_READY },
	[SMTP_EV_EHLO] =	{ P_IDLE, SMTP_PHASE_READY },
	[SMTP_EV_MAIL] =	{ P(READY), SMTP_PHASE_MAIL },
	[SMTP_EV_RCPT] =	{ P(MAIL) | P(RCPT), SAME },
	[SMTP_EV_RCPT_OK] =	{ P(MAIL) | P(RCPT), SMTP_PHASE_RCPT },
	[SMTP_EV_RCPT_NO] =	{ P(MAIL) | P(RCPT), SAME },
	[SMTP_EV_DATA] =	{ P(RCPT), SMTP_PHASE_DATA },
	[SMTP_EV_CHUNK] =	{ P(RCPT) | P(BDAT), SMTP_PHASE_BDAT },
	[SMTP_EV_END] =		{ P(MAIL) | P(RCPT) | P(BDAT) | P(DATA),
				    SMTP_PHASE_READY },
	[SMTP_EV_RSET] =	{ P_IDLE, SAME },
	[SMTP_EV_TLS] =		{ P(START) | P(READY), SMTP_PHASE_START },
	[SMTP_EV_AUTH] =	{ P(READY), SMTP_PHASE_AUTH },
	[SMTP_EV_AUTH_OK] =	{ P(AUTH), SMTP_PHASE_READY },
	[SMTP_EV_AUTH_NO] =	{ P(AUTH), SMTP_PHASE_READY },
};

void
smtp_server_init(struct smtp_server *s, enum smtp_kind kind, uint32_t caps,
    uint8_t flags)
{
	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	s->phase = SMTP_PHASE_START;
	s->caps = caps;
	s->flags = flags;
}

const struct smtp_answer *
smtp_server_check(const struct smtp_server *s, enum smtp_verb verb)
{
	const struct smtp_answer	*answer;
	size_t				 i;

	if ((unsigned int)verb >= SMTP_NVERBS || s->phase > SMTP_PHASE_BDAT)
		return &say_bytes;
	for (i = 0; i < sizeof(hurdles) / sizeof(hurdles[0]); i++) {
		if (!(hurdles[i].verbs & V(verb)) ||
		    !(hurdles[i].kinds & V(s->kind)) ||
		    (s->flags & hurdles[i].with) != hurdles[i].with ||
		    (s->flags & hurdles[i].without) != 0)
			continue;
		if (hurdles[i].caps != 0 && (s->caps & hurdles[i].caps))
			continue;
		return hurdles[i].answer;
	}
	answer = order[verb][s->phase];
	if (answer == &RC)
		return s->refused > 0 ? &say_rcpt_ok : &say_rcpt;
	if (answer == &say_helo && s->kind == SMTP_KIND_LMTP)
		return &say_lhlo;
	if (answer != &OK)
		return answer;
	if (verb == SMTP_AUTH && !(s->flags & SMTP_SERVER_ESMTP))
		return &auth_ehlo;
	return NULL;
}

int
smtp_server_waits(const struct smtp_server *s, enum smtp_verb verb)
{
	return s->waiting > 0 && verb != SMTP_RCPT;
}

int
smtp_server_event(struct smtp_server *s, enum smtp_event ev)
{
	if (!(moves[ev].from & (1U << s->phase)))
		return -1;
	switch (ev) {
	case SMTP_EV_RCPT:
		s->waiting++;
		return 0;
	case SMTP_EV_RCPT_OK:
	case SMTP_EV_RCPT_NO:
		if (s->waiting == 0)
			return -1;
		s->waiting--;
		if (ev == SMTP_EV_RCPT_OK)
			s->accepted++;
		else
			s->refused++;
		break;
	case SMTP_EV_RSET:
		if (s->waiting > 0)
			return -1;
		s->accepted = s->refused = 0;
		if (s->phase != SMTP_PHASE_START)
			s->phase = SMTP_PHASE_READY;
		return 0;
	default:
		if (s->waiting > 0)
			return -1;
		if (ev != SMTP_EV_DATA && ev != SMTP_EV_CHUNK)
			s->accepted = s->refused = 0;
		break;
	}
	if (ev == SMTP_EV_EHLO)
		s->flags |= SMTP_SERVER_ESMTP;
	else if (ev == SMTP_EV_HELO)
		s->flags &= (uint8_t)~SMTP_SERVER_ESMTP;
	else if (ev == SMTP_EV_AUTH_OK)
		s->flags |= SMTP_SERVER_AUTHED;
	else if (ev == SMTP_EV_TLS) {
		/* RFC 3207 4.2: all that was said before is forgotten. */
		s->flags |= SMTP_SERVER_TLS;
		s->flags &= (uint8_t)~(SMTP_SERVER_ESMTP | SMTP_SERVER_AUTHED);
	}
	if (moves[ev].to != SAME)
		s->phase = moves[ev].to;
	return 0;
}

uint32_t
smtp_server_caps(const struct smtp_server *s)
{
	uint32_t	 caps = s->caps;

	if (s->flags & SMTP_SERVER_TLS)
		caps &= ~(uint32_t)SMTP_CAP_STARTTLS;
	else {
		caps &= ~(uint32_t)SMTP_CAP_REQUIRETLS;
		if (s->flags & (SMTP_SERVER_AUTH_TLS | SMTP_SERVER_MUST_TLS))
			caps &= ~(uint32_t)SMTP_CAP_AUTH;
	}
	return caps;
}

uint32_t
smtp_server_params(const struct smtp_server *s)
{
	static const struct {
		uint32_t	cap;
		uint32_t	param;
	} pairs[] = {
		{ SMTP_CAP_SIZE, SMTP_PARAM_SIZE },
		{ SMTP_CAP_8BITMIME, SMTP_PARAM_BODY },
		{ SMTP_CAP_BINARYMIME, SMTP_PARAM_BODY | SMTP_PARAM_BINARY },
		{ SMTP_CAP_SMTPUTF8, SMTP_PARAM_SMTPUTF8 },
		{ SMTP_CAP_DSN, SMTP_PARAM_DSN },
		{ SMTP_CAP_REQUIRETLS, SMTP_PARAM_REQUIRETLS },
	};
	uint32_t	 caps = smtp_server_caps(s), params = 0;
	size_t		 i;

	if (!(s->flags & SMTP_SERVER_ESMTP))
		return 0;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (caps & pairs[i].cap)
			params |= pairs[i].param;
	}
	if (s->caps & SMTP_CAP_AUTH)
		params |= SMTP_PARAM_AUTH;
	return params;
}

const char *
smtp_server_with(const struct smtp_server *s, int utf8)
{
	/* by utf8 and protocol, then by TLS, then by AUTH */
	static const char *const	 names[5][2][2] = {
		{ { "SMTP", "SMTP" }, { "SMTP", "SMTP" } },
		{ { "ESMTP", "ESMTPA" }, { "ESMTPS", "ESMTPSA" } },
		{ { "LMTP", "LMTPA" }, { "LMTPS", "LMTPSA" } },
		{ { "UTF8SMTP", "UTF8SMTPA" }, { "UTF8SMTPS", "UTF8SMTPSA" } },
		{ { "UTF8LMTP", "UTF8LMTPA" }, { "UTF8LMTPS", "UTF8LMTPSA" } },
	};
	int	 proto;

	if (s->kind == SMTP_KIND_LMTP)
		proto = utf8 ? 4 : 2;
	else if (!(s->flags & SMTP_SERVER_ESMTP))
		proto = 0;
	else
		proto = utf8 ? 3 : 1;
	return names[proto][(s->flags & SMTP_SERVER_TLS) != 0]
	    [(s->flags & SMTP_SERVER_AUTHED) != 0];
}
