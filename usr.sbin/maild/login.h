/*
 * A caller's login: the SASL exchange (RFC 4422) between him and auth, and the
 * grant of the process that keeps what he asks for.  Both must have agreed.
 * Protocols differ in how a line looks and in what a failure is called; that
 * stands in struct caller_proto: challenge, logged_in, not_logged_in.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include <stdint.h>

#include "libutil/span.h"

struct caller;
struct proc_from;

enum login_state {
	LOGIN_NONE,
	LOGIN_HIM,		/* his next line belongs to the exchange */
	LOGIN_JUDGE		/* auth or the keeper has the word */
};

enum login_why {
	LOGIN_BAD,		/* name or password */
	LOGIN_LIMIT,		/* too many failures, or sessions */
	LOGIN_TEMP,
	LOGIN_INUSE,		/* POP3: too many sessions of the account */
	LOGIN_DELAY,		/* POP3: too soon after the last one */
	LOGIN_CANCELLED,
	LOGIN_SYNTAX,		/* that was no base64 */
	LOGIN_MECH,		/* mechanism is not offered */
	LOGIN_NWHY
};

struct login {
	uint8_t		 state;		/* enum login_state */
	uint8_t		 mech;		/* enum msg_mech */
	uint8_t		 begun;		/* auth has heard of him */
	uint8_t		 auth_ok;	/* auth has said yes */
	uint8_t		 granted;	/* the keeper has */
	uint8_t		 final;		/* SCRAM's last word is with him */
	uint32_t	 failures;
	char		*name;		/* AUTH LOGIN, meanwhile */
};

/*
 * Begin.  initial: the initial response in base64, `=' for the empty one; its
 * p is NULL when there is none.  All that follows may close the session.
 */
void	 login_begin(struct caller *, struct span mech, struct span initial);
/* The same with name and password, as in LOGIN and USER with PASS. */
void	 login_plain(struct caller *, struct span name, struct span password);
/* A line in LOGIN_HIM; malformed: it has no end, or is too long. */
void	 login_line(struct caller *, struct span line);
void	 login_malformed(struct caller *);
/* auth or the keeper is gone. */
void	 login_lost(struct caller *);
/* The session ends, or he is nobody again: tell auth. */
void	 login_end(struct caller *);
/* The mechanisms that are offered, with spaces in between. */
const char *login_mechs(const struct caller *);

/* For a process's dispatch table. */
void	 login_on_challenge(const struct proc_from *, const void *, int fd);
void	 login_on_result(const struct proc_from *, const void *, int fd);
void	 login_on_granted(const struct proc_from *, const void *, int fd);

#endif
