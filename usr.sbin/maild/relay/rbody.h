/* The bytes of a message on their way into a connection. */
#ifndef RELAY_RBODY_H
#define RELAY_RBODY_H

#include "libsmtp/smtp_dot.h"

struct conn;
struct rmsg;

struct rbody {
	struct rmsg	*msg;		/* NULL: none under way */
	uint64_t	 off;		/* in prefix and body as one */
	uint8_t		 plain;		/* BDAT: as it is */
	struct smtp_dotenc enc;
};

enum rbody_status {
	RBODY_DONE,		/* all of it is queued */
	RBODY_BLOCKED,		/* go on when the connection has drained */
	RBODY_CONN,		/* the connection is broken */
	RBODY_FILE		/* the file is: it cannot be sent */
};

void			rbody_begin(struct rbody *, struct rmsg *, int plain);
enum rbody_status	rbody_send(struct rbody *, struct conn *);

#endif
