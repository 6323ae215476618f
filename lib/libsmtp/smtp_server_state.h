/*
 * The order of commands in a server's session, without I/O: which may come
 * now, what to answer to the others, and what each event leads to.
 */
#ifndef SMTP_SERVER_STATE_H
#define SMTP_SERVER_STATE_H

#include <stdint.h>

#include "libsmtp/smtp_answer.h"
#include "libsmtp/smtp_command.h"

enum smtp_kind {
	SMTP_KIND_MX,
	SMTP_KIND_SUBMISSION,
	SMTP_KIND_LMTP
};

enum smtp_phase {
	SMTP_PHASE_START,	/* no EHLO yet, or not since STARTTLS */
	SMTP_PHASE_READY,
	SMTP_PHASE_MAIL,	/* sender known, no recipient accepted */
	SMTP_PHASE_RCPT,	/* recipients too */
	SMTP_PHASE_BDAT,	/* between chunks */
	SMTP_PHASE_DATA,	/* 354 was said: bytes, no commands */
	SMTP_PHASE_AUTH,	/* lines are SASL's, not commands */
	SMTP_NPHASES
};

#define SMTP_SERVER_ESMTP	0x01	/* said EHLO or LHLO, not HELO */
#define SMTP_SERVER_TLS		0x02
#define SMTP_SERVER_AUTHED	0x04
#define SMTP_SERVER_MUST_TLS	0x08	/* no MAIL, no AUTH without */
#define SMTP_SERVER_MUST_AUTH	0x10	/* no MAIL without */
#define SMTP_SERVER_AUTH_TLS	0x20	/* no AUTH without TLS */

struct smtp_server {
	uint8_t		kind;		/* enum smtp_kind */
	uint8_t		phase;		/* enum smtp_phase */
	uint8_t		flags;		/* SMTP_SERVER_* */
	uint32_t	caps;		/* SMTP_CAP_* that the listener has */
	uint32_t	waiting;	/* RCPTs passed on, not yet answered */
	uint32_t	accepted;	/* RCPTs of this transaction */
	uint32_t	refused;
};

enum smtp_event {
	SMTP_EV_HELO,		/* HELO accepted */
	SMTP_EV_EHLO,		/* EHLO or LHLO accepted */
	SMTP_EV_MAIL,		/* MAIL accepted */
	SMTP_EV_RCPT,		/* RCPT passed on: an answer is to come */
	SMTP_EV_RCPT_OK,	/* that answer */
	SMTP_EV_RCPT_NO,
	SMTP_EV_DATA,		/* 354 said */
	SMTP_EV_CHUNK,		/* a chunk that is not the last was taken */
	SMTP_EV_END,		/* the message was answered, or given up */
	SMTP_EV_RSET,
	SMTP_EV_TLS,		/* handshake done, or before the banner */
	SMTP_EV_AUTH,		/* exchange begins */
	SMTP_EV_AUTH_OK,
	SMTP_EV_AUTH_NO,
	SMTP_NEVENTS
};

void	smtp_server_init(struct smtp_server *, enum smtp_kind, uint32_t caps,
	    uint8_t flags);
/*
 * May this verb come now?  NULL, or what to answer.  A BDAT that is refused
 * still has its bytes behind it: pass over them.
 */
const struct smtp_answer *smtp_server_check(const struct smtp_server *,
	    enum smtp_verb);
/*
 * Must the verb wait until the RCPTs before it are answered?  (Only another
 * RCPT need not: that is what makes PIPELINING quick.)
 */
int	smtp_server_waits(const struct smtp_server *, enum smtp_verb);
/* 0, or -1: cannot happen in this phase, the caller is wrong. */
int	smtp_server_event(struct smtp_server *, enum smtp_event);
/*
 * What to offer at EHLO in the present state, SMTP_CAP_* and the SMTP_PARAM_*
 * that go with it.
 */
uint32_t smtp_server_caps(const struct smtp_server *);
uint32_t smtp_server_params(const struct smtp_server *);
/* "ESMTPSA" and so on (RFC 3848, RFC 6531 4.3) for the Received header. */
const char *smtp_server_with(const struct smtp_server *, int utf8);

#endif
