/* Delivery status notifications (RFC 3464): the sender hears of it. */
#ifndef BOUNCE_H
#define BOUNCE_H

#include "envelope.h"

struct conf;

enum bounce_kind { BOUNCE_FAILED, BOUNCE_DELAYED, BOUNCE_SUCCESS };

/* ok 0: it could not be written or stored now; ask again later. */
typedef void (*bounce_cb)(void *arg, int ok);

void	bounce_conf(const struct conf *);
/*
 * Is a report of that kind owed?  By the states of the destinations and what
 * NOTIFY said; never to the null sender.
 */
int	bounce_owed(const struct envelope *, enum bounce_kind);
/*
 * Send it.  fd has the message's body (-1: it cannot be read).  Its own id
 * follows from the message's, the kind and the tries, so that a second attempt
 * after a crash is found to be a double.  The envelope must live until the
 * callback.
 */
void	bounce_send(const struct envelope *, enum bounce_kind, int fd,
	    bounce_cb, void *arg);

#endif
