/*
 * A client's session, SMTP or LMTP, without I/O.  The caller reads replies
 * (smtp_reply.h) and moves bytes; this says what to send next and what became
 * of each recipient.
 *
 *	for each turn of the connection:
 *		while a reply is in the input: smtp_client_reply()
 *		do what smtp_client_next() wants, until it wants a reply
 *
 * With PIPELINING a transaction's MAIL, RCPTs and DATA go out together, and
 * those of the next behind the message: one round trip a message.  With BDAT
 * (opts.eager) small messages go out without waiting at all.
 */
#ifndef SMTP_CLIENT_STATE_H
#define SMTP_CLIENT_STATE_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_reply.h"
#include "libutil/buf.h"

/* How far it had come when something was answered. */
enum smtp_stage {
	SMTP_STAGE_LOCAL,	/* we ourselves: the server cannot take this */
	SMTP_STAGE_UNSENT,	/* the session ended before: try elsewhere */
	SMTP_STAGE_GREETING,
	SMTP_STAGE_EHLO,
	SMTP_STAGE_STARTTLS,
	SMTP_STAGE_AUTH,
	SMTP_STAGE_MAIL,
	SMTP_STAGE_RCPT,
	SMTP_STAGE_DATA,
	SMTP_STAGE_BODY,	/* on its way */
	SMTP_STAGE_END		/* all sent: if lost now it may be there */
};

#define SMTP_TRANS_8BIT		0x01	/* body has bytes over 127 */
#define SMTP_TRANS_UTF8		0x02	/* needs SMTPUTF8 */
#define SMTP_TRANS_REQUIRETLS	0x04
#define SMTP_TRANS_RET_FULL	0x08
#define SMTP_TRANS_RET_HDRS	0x10

struct smtp_rcpt {
	const char	*addr;		/* canonical */
	const char	*orcpt;		/* "rfc822;user@example", "" or NULL */
	uint8_t		 notify;	/* SMTP_NOTIFY_* */
	uint8_t		 state;		/* ours; zero at first */
};

/* One message on its way; the caller's memory until `done'.  Zero at first. */
struct smtp_trans {
	void			*arg;		/* the caller's */
	const char		*from;		/* canonical, "" for null */
	const char		*envid;		/* decoded, "" or NULL */
	uint64_t		 size;		/* exact; 0: unknown, no BDAT */
	uint32_t		 flags;		/* SMTP_TRANS_* */
	struct smtp_rcpt	*rcpts;
	size_t			 nrcpts;

	/* The machine's own. */
	TAILQ_ENTRY(smtp_trans)	 entry;
	size_t			 rcpt_sent;
	size_t			 rcpt_got;
	size_t			 accepted;
	size_t			 end_got;	/* LMTP: one an accepted */
	unsigned int		 pending;	/* replies to come */
	uint8_t			 step;
	uint8_t			 marks;
};

struct smtp_client_ops {
	/*
	 * The final answer for one recipient of a transaction; comes exactly
	 * once for each.
	 */
	void	(*result)(void *arg, struct smtp_trans *, size_t rcpt,
		    enum smtp_stage, const struct smtp_reply *);
	/*
	 * All have had theirs; the memory may be used again.  Not the place
	 * to call smtp_client_mail.
	 */
	void	(*done)(void *arg, struct smtp_trans *);
};

enum smtp_tls { SMTP_TLS_NONE, SMTP_TLS_MAY, SMTP_TLS_MUST, SMTP_TLS_ON };

struct smtp_client_opts {
	const char	*helo;
	uint8_t		 lmtp;
	uint8_t		 tls;		/* enum smtp_tls; ON: all along */
	uint8_t		 auth;		/* must authenticate */
	uint8_t		 nopipelining;	/* even if it is offered */
	uint8_t		 nochunking;
	uint8_t		 window;	/* transactions at one time, 0: 2 */
	uint32_t	 eager;		/* BDAT at once up to this size */
};

enum smtp_want {
	SMTP_WANT_REPLY,	/* nothing until the server speaks */
	SMTP_WANT_TLS,		/* handshake, then smtp_client_tls_done; input
				 * that came before it must be thrown away */
	SMTP_WANT_AUTH,		/* smtp_client_auth, mechanism in caps.mechs */
	SMTP_WANT_AUTH_STEP,	/* smtp_client_auth_step; c->challenge */
	SMTP_WANT_MAIL,		/* could take smtp_client_mail, or _quit;
				 * replies may be on their way as well */
	SMTP_WANT_BODY,		/* send the body of smtp_client_body */
	SMTP_WANT_CLOSE		/* over */
};

TAILQ_HEAD(smtp_trans_list, smtp_trans);

struct smtp_client {
	struct smtp_client_opts		 opts;
	const struct smtp_client_ops	*ops;
	void				*arg;
	struct smtp_caps		 caps;	/* of the last EHLO */
	/* 334's base64 text; lives as long as the reply it came in. */
	struct span			 challenge;
	struct smtp_trans_list		 list;	/* under way, oldest first */
	struct smtp_trans		*send;	/* being sent, or NULL */
	unsigned int			 ntrans;
	unsigned int			 pending; /* replies to come, in all */
	uint32_t			 nmails; /* MAILs sent so far */
	uint8_t				 phase;
	uint8_t				 esmtp;
	uint8_t				 tls;
	uint8_t				 authed;
	uint8_t				 quit;	/* 1 asked for, 2 sent */
};

void		smtp_client_init(struct smtp_client *,
		    const struct smtp_client_opts *,
		    const struct smtp_client_ops *, void *arg);
/*
 * Append to out what can be said now, and say what is wanted then.  out should
 * have room for 64 KB.
 */
enum smtp_want	smtp_client_next(struct smtp_client *, struct buf *out);
/* The next reply.  May call ops. */
void		smtp_client_reply(struct smtp_client *,
		    const struct smtp_reply *);
void		smtp_client_tls_done(struct smtp_client *);
/*
 * Begin with that SMTP_MECH_*; initial NULL: none.  Both append to out; 0, or
 * -1 when it is full.
 */
int		smtp_client_auth(struct smtp_client *, struct buf *out,
		    uint32_t mech, const void *initial, size_t len);
int		smtp_client_auth_step(struct smtp_client *, struct buf *out,
		    const void *data, size_t len);
/*
 * Give it a transaction, when it wants MAIL; nrcpts > 0.  If the session is
 * over by then, ops are called at once.
 */
void		smtp_client_mail(struct smtp_client *, struct smtp_trans *);
/*
 * Whose body is wanted.  *plain: its size bytes as they are (BDAT), else
 * through smtp_dotenc with its end.  Then smtp_client_body_done.
 */
struct smtp_trans *smtp_client_body(struct smtp_client *, int *plain);
void		smtp_client_body_done(struct smtp_client *);
/* Finish what was begun, then QUIT. */
void		smtp_client_quit(struct smtp_client *);
/*
 * The connection is gone, or the caller gives it up: every recipient without
 * an answer gets this one (NULL: 421 4.4.2).  Then it wants CLOSE.
 */
void		smtp_client_lost(struct smtp_client *,
		    const struct smtp_reply *why);
/* For log lines: "MAIL", "end of data" ... */
const char	*smtp_stage_name(enum smtp_stage);

#endif
