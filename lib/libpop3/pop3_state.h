/*
 * The states of a session (RFC 1939 3), without I/O: which command may come
 * now, what to answer to the others, and what each event leads to.
 */
#ifndef POP3_STATE_H
#define POP3_STATE_H

#include <stdint.h>

#include "libpop3/pop3_command.h"

enum pop3_phase {
	POP3_PHASE_AUTH,	/* AUTHORIZATION */
	POP3_PHASE_SASL,	/* lines are AUTH's, not commands */
	POP3_PHASE_TRANSACTION,
	POP3_PHASE_UPDATE,	/* QUIT has come: no more commands */
	POP3_NPHASES
};

#define POP3_TLS	0x01
#define POP3_CAN_TLS	0x02	/* STLS is offered */
#define POP3_PLAIN_OK	0x04	/* logging in without TLS is allowed */
#define POP3_NAMED	0x08	/* USER was given, PASS may follow */
#define POP3_UTF8_MODE	0x10	/* RFC 6856 */

struct pop3_state {
	uint8_t		phase;		/* enum pop3_phase */
	uint8_t		flags;		/* POP3_* above */
};

enum pop3_event {
	POP3_EV_TLS,		/* handshake done */
	POP3_EV_USER,
	POP3_EV_UTF8,
	POP3_EV_SASL,		/* an exchange, or PASS is being checked */
	POP3_EV_LOGIN_OK,	/* and the maildrop is open */
	POP3_EV_LOGIN_NO,
	POP3_EV_QUIT,
	POP3_NEVENTS
};

void	pop3_state_init(struct pop3_state *, uint8_t flags);
/* May this verb come now?  NULL, or the text of the -ERR to give. */
const char *pop3_state_check(const struct pop3_state *, enum pop3_verb);
/* 0, or -1: cannot happen in this phase, the caller is wrong. */
int	pop3_state_event(struct pop3_state *, enum pop3_event);
/* May one log in as things stand? */
int	pop3_state_may_login(const struct pop3_state *);

#endif
