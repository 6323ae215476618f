/* SMTP to maild's socket for local programs. */
#ifndef SUBMIT_H
#define SUBMIT_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"

struct submission {
	const char		*helo;
	const char		*from;		/* canonical, "" for null */
	char			**rcpts;	/* canonical */
	size_t			 nrcpts;
	const char		*envid;		/* or NULL */
	uint8_t			 notify;	/* SMTP_NOTIFY_*, 0: default */
	uint32_t		 flags;		/* SMTP_TRANS_RET_* */
	const struct message	*message;
	int			 verbose;	/* show the dialogue */
};

/*
 * All recipients are to be accepted before the message is sent, so that it
 * goes to all or to nobody.  Returns EX_OK or what else sysexits.h has for
 * it; then a message was written.
 */
int	submit(const char *path, const struct submission *);
/* Standard input and output are the client's: carry bytes. */
int	submit_proxy(const char *path);

#endif
