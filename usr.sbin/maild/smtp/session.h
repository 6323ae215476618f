/* One client's session; inside of the smtp process. */
#ifndef SESSION_H
#define SESSION_H

#include <sys/queue.h>
#include <sys/time.h>

#include <event.h>
#include <stdint.h>

#include "caller.h"
#include "libsmtp/smtp_command.h"
#include "libsmtp/smtp_dot.h"
#include "libsmtp/smtp_line.h"
#include "libsmtp/smtp_server_state.h"
#include "msg.h"

#define SESSION_ENDLESS	(256 * 1024)	/* of one line: he is no client */
#define SESSION_WASTED	4		/* times message-size, to be refused */
#define SESSION_JUNK	100		/* NOOPs and the like to a message */

/* What the session waits for; it takes no more input until it came. */
enum wait {
	WAIT_NONE,
	WAIT_RCPT,		/* some RCPTs, before another command */
	WAIT_SPILL,
	WAIT_COMMIT
};

/* An answer to RCPT, in its place among those that are still to come. */
struct rcpt_reply {
	STAILQ_ENTRY(rcpt_reply) entry;
	uint32_t	 n;
	uint8_t		 done;
	uint16_t	 code;
	char		 text[MSG_TEXT + MSG_ENHANCED + 2];
};

/* From MAIL to the reply after the message. */
struct transaction {
	uint64_t	 id;		/* trace id, from the first recipient */
	char		*sender;
	char		*rcpt;		/* the first accepted one */
	uint32_t	 flags;		/* ENV_* */
	uint32_t	 nrcpt;		/* RCPTs passed on */
	uint32_t	 nreplies;	/* in `replies' */
	uint32_t	*lmtp;		/* n of those accepted, in order */
	uint32_t	 nlmtp;
	uint16_t	*lmtp_code;	/* LMTP: replies so far */
	char		**lmtp_text;
	uint32_t	 lmtp_done;
	STAILQ_HEAD(, rcpt_reply) replies;
	char		*held;		/* a command: after the replies */
	size_t		 heldlen;
	/* the body */
	struct buf	 head;		/* Received, not written yet */
	int		 fd;
	uint8_t		 on_disk;
	uint8_t		 failed;	/* writing did */
	uint8_t		 last;		/* this chunk is the last */
	uint8_t		 begun;		/* Received is made */
	uint64_t	 chunk;		/* of BDAT, still to come */
	uint64_t	 size;		/* written, or in head */
	uint64_t	 taken;		/* since session_patience */
	uint64_t	 wasted;	/* bytes of what is refused already */
	struct smtp_dot	 dot;
};

struct session {
	struct caller	 c;		/* first, see caller.h */
	uint8_t		 wait;		/* enum wait */
	uint8_t		 full;		/* he does not read our replies */
	uint8_t		 slow;		/* our replies wait: see tarpit */
	struct event	 tarpit;
	struct smtp_server st;
	struct smtp_line line;
	uint64_t	 skip;		/* bytes of a refused BDAT */
	char		*helo;
	uint32_t	 txn;
	struct transaction *tx;
	uint32_t	 messages;
	uint32_t	 refused;	/* recipients, since a message */
	uint32_t	 junk;		/* commands for nothing: command.c */
	size_t		 endless;	/* bytes of a line that is too long */
};

/* session.c */
extern const struct caller_proto session_proto;
struct session	*session_find(uint64_t sid);
void		 session_reply(struct session *, int code, const char *text);
void		 session_replyf(struct session *, int code, const char *, ...)
		    __attribute__((__format__ (printf, 3, 4)));
void		 session_answer(struct session *, const struct smtp_answer *);
/* Say goodbye (code 0: nothing) and close when that is written. */
void		 session_close(struct session *, int code, const char *text);
/* The wait is over: go on with the input. */
void		 session_continue(struct session *);
/* He has said something whole, or heard it: his time begins anew. */
void		 session_patience(struct session *);
/* A mistake of the client; closes after too many. */
void		 session_mistake(struct session *);
/* Might he be somebody who guesses addresses? */
int		 session_is_stranger(const struct session *);
/* Such a one had a recipient refused: a mistake, and his time. */
void		 session_refused(struct session *);
/* He has brought a message: what was refused of it is forgiven. */
void		 session_served(struct session *);

/* command.c */
void		 command_line(struct session *, struct span line);

/* transaction.c */
/* The replies that waited, and who waited for them. */
void		 transaction_go_on(struct session *);
/* Must the RCPTs before it be answered first? */
int		 transaction_waits(const struct session *, enum smtp_verb);
/* Keep a command until then. */
void		 transaction_hold(struct session *, struct span line);
void		 transaction_begin(struct session *,
		    const struct smtp_command *, const char *sender);
void		 transaction_rcpt(struct session *, const struct smtp_command *,
		    const char *rcpt);
void		 transaction_rcpt_reply(struct session *,
		    const struct msg_env_rcpt_r *, int fd);
/* An answer to RCPT that needs nobody else: in its place. */
void		 transaction_rcpt_local(struct session *,
		    const struct smtp_answer *);
/* Forget it; tell queue unless it has the message. */
void		 transaction_end(struct session *, int tell);
/* The reply after the message: the same for all, LMTP: for each. */
void		 transaction_answer(struct session *, int code,
		    const char *text);
void		 transaction_committed(struct session *,
		    const struct msg_env_commit_r *);

/* data.c */
void		 data_begin(struct session *);
void		 data_chunk(struct session *, uint64_t bytes, int last);
/* Take input of the body; 1 when the session can go on with commands. */
int		 data_input(struct session *);
void		 data_spilled(struct session *, int ok, int fd);

/* auth.c: what AUTH looks like */
void		 auth_start(struct session *, const struct smtp_command *);
void		 auth_challenge(struct caller *, const void *, size_t);
void		 auth_done(struct caller *);
void		 auth_failed(struct caller *, enum login_why, const char *,
		    int close);

#endif
