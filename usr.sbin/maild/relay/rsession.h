/* One connection to a server, and the messages on their way through it. */
#ifndef RELAY_RSESSION_H
#define RELAY_RSESSION_H

#include <sys/queue.h>

#include "libsmtp/smtp_client_state.h"
#include "libsmtp/smtp_reply.h"
#include "rbody.h"
#include "route.h"
#include "rsasl.h"

struct conn;

struct rsession {
	LIST_ENTRY(rsession)	 entry;		/* of its route */
	uint64_t		 id;
	struct route		*route;
	struct rtarget		 target;
	struct conn		*conn;
	struct smtp_client	 client;
	struct smtp_reply_parser parser;
	struct rbody		 body;
	struct rsasl		*sasl;		/* during AUTH */
	uint64_t		 since;		/* milliseconds */
	unsigned		 messages;	/* delivered */
	unsigned		 seconds;	/* time limit that is set */
	uint8_t			 ready;		/* greeting to AUTH are done */
	uint8_t			 connected;
	uint8_t			 handshake;	/* of TLS is under way */
	uint8_t			 secured;
	uint8_t			 unproven;	/* nothing read through TLS */
	uint8_t			 hungry;	/* could take a message */
	uint8_t			 progress;	/* it answered for a message */
	uint8_t			 losing;	/* results come from that */
	uint16_t		 why_code;	/* last reply before ready */
	char			 why[512];
	char			 challenge[1400];	/* of AUTH, base64 */
};

/* New settings of TLS for connections from now on. */
void	rsession_conf(const struct conf *);
/*
 * Begin to connect.  -1: it failed at once; the host is marked, there is no
 * session.
 */
int	rsession_open(struct route *, const struct rtarget *);
/* The next message has as long as the first had. */
void	rsession_message_over(struct rsession *);
/* Messages wait: take some. */
void	rsession_wake(struct rsession *);
/* Close at once, without a word, and forget the messages in it. */
void	rsession_drop(struct rsession *);
/* Take no more messages; close when those under way are through. */
void	rsession_quit(struct rsession *);
const char *rsession_state(const struct rsession *);

#endif
