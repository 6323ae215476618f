/* One message of queue's for one domain, and what became of it. */
#ifndef RELAY_RMSG_H
#define RELAY_RMSG_H

#include <sys/queue.h>

#include "libsmtp/smtp_client_state.h"
#include "msg.h"

#define RMSG_RCPTS	100	/* in one transaction (RFC 5321 4.5.3.1.8) */
#define RMSG_TRIES	3	/* connections lost under it */

struct rmsg_rcpt {
	uint32_t	 n;		/* queue's number */
	uint8_t		 notify;
	uint8_t		 done;
	char		*rcpt;
	char		*orcpt;
};

struct rmsg {
	TAILQ_ENTRY(rmsg) entry;	/* waiting in a route */
	uint64_t	 id;
	uint32_t	 flags;		/* ENV_* */
	uint64_t	 size;		/* of the body in fd */
	int		 fd;
	char		*domain;
	char		*sender;
	char		*envid;
	uint8_t		*prefix;
	size_t		 prefixlen;
	struct rmsg_rcpt *rcpts;
	size_t		 nrcpts;
	size_t		 nopen;		/* recipients without an answer */
	unsigned	 tries;
	/* The transaction under way, and which of ours its recipients are. */
	struct smtp_trans trans;
	struct smtp_rcpt *trcpts;
	size_t		*map;
	uint8_t		 lost;		/* its connection was, meanwhile */
	uint8_t		 relayed;	/* for at least one of trans */
};
TAILQ_HEAD(rmsg_list, rmsg);

/* What is answered to queue for recipients. */
struct rmsg_result {
	enum msg_relay_result result;
	uint16_t	 code;
	uint8_t		 dsn;
	const char	*enhanced;
	const char	*text;
	const char	*host;
};

/* From queue: a recipient of the message that comes next. */
void		 rmsg_add_rcpt(const struct msg_relay_rcpt *);
/* The message; takes fd. */
struct rmsg	*rmsg_new(const struct msg_relay *, int fd);
/* Fill in trans for at most max of those without an answer. */
struct smtp_trans *rmsg_begin(struct rmsg *, size_t max);
void		 rmsg_result(struct rmsg *, size_t rcpt,
		    const struct rmsg_result *);
/* The same for all that have none yet. */
void		 rmsg_result_all(struct rmsg *, const struct rmsg_result *);
/* All have one: tell queue that we are done with it, and free it. */
void		 rmsg_end(struct rmsg *);
/* Nobody wants to know any more: free it. */
void		 rmsg_free(struct rmsg *);
/* queue died: recipients of a message that will not come. */
void		 rmsg_forget(void);
size_t		 rmsg_count(void);

#endif
