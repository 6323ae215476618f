/* The states of a session (RFC 9051 3), without I/O. */
#ifndef IMAP_STATE_H
#define IMAP_STATE_H

#include <stdint.h>

#include "libimap/imap_command.h"

enum imap_state {
	IMAP_STATE_NOAUTH, IMAP_STATE_AUTH, IMAP_STATE_SELECTED,
	IMAP_STATE_LOGOUT
};

struct imap_session_state {
	uint8_t		state;		/* enum imap_state */
	uint8_t		secure;		/* TLS, or a local client */
	uint8_t		plain_ok;	/* passwords in the clear allowed */
	uint8_t		readonly;	/* the mailbox was EXAMINEd */
	uint8_t		compressed;
	uint8_t		starttls;	/* TLS is configured */
	uint32_t	enabled;	/* IMAP_EN_* */
};

enum imap_verdict {
	IMAP_ALLOW,
	IMAP_DENY_BAD,		/* reply BAD */
	IMAP_DENY_NO		/* reply NO */
};

/*
 * May this command run now?  If not *code is a response code such as
 * "PRIVACYREQUIRED" or NULL, and *why the text.
 */
enum imap_verdict imap_state_check(const struct imap_session_state *,
		    const struct imap_command *, const char **code,
		    const char **why);

/* What the tagged reply to a command was. */
enum imap_result { IMAP_RESULT_OK, IMAP_RESULT_NO, IMAP_RESULT_BAD };

/*
 * Move on after a command has ended.  A failed SELECT deselects (RFC 9051
 * 6.3.2); LOGIN drops the features that were enabled by an earlier user.
 */
void	imap_state_done(struct imap_session_state *,
	    const struct imap_command *, enum imap_result);
/* 1 when no EXPUNGE (VANISHED) may be sent while it runs (RFC 9051 7.5.1). */
int	imap_state_noexpunge(const struct imap_command *);

#endif
