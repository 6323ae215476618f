/*
 * One client of an imap process that speaks POP3.  Its maildrop is INBOX as it
 * was at the login.  There is no lock: messages are known by their uids, so
 * that others, by POP3 or IMAP, may take or add some meanwhile and a number
 * still never means another message; what one session removes is gone for the
 * other, which is told so when it asks.  Clients that poll from two places
 * would otherwise lock each other out.
 */
#ifndef POP3_SESSION_H
#define POP3_SESSION_H

#include <sys/queue.h>

#include <stdint.h>

#include "caller.h"
#include "libpop3/pop3_command.h"
#include "libpop3/pop3_drop.h"
#include "libpop3/pop3_line.h"
#include "libpop3/pop3_state.h"
#include "msg.h"
#include "request.h"

struct uidlist;

#define POP3_OUT_HIGH	(512 * 1024)	/* more output waits for the client */

enum pop3_wait {
	POP3_WAIT_NONE,
	POP3_WAIT_JOB		/* a command that takes several turns */
};

/*
 * A command under way keeps what it needs behind `job'; job_free is called
 * when the command ends, or the session.
 */
struct pop3_session {
	struct caller	 c;		/* first, see caller.h; its conn is
					 * NULL: hung up while QUIT runs */
	uint8_t		 wait;		/* enum pop3_wait */
	uint8_t		 stalled;	/* no input until output is out */
	size_t		 endless;	/* bytes of a line that is too long */
	struct pop3_state st;
	struct pop3_line line;
	char		*user;		/* of USER */
	/* the maildrop */
	uint64_t	 mbox;
	uint32_t	 uidvalidity;
	struct uidlist	*uids;
	struct pop3_drop drop;
	/* messages that came with another one, see pop3_retr.c */
	struct rows	 page;
	size_t		 page_off;
	uint32_t	 last;		/* number of the last RETR or TOP */
	void		*job;
	void		(*job_free)(void *);
	void		(*drained)(struct pop3_session *);
	uint32_t	 retrieved;
};

/* pop3_session.c */
extern const struct caller_proto pop3_proto;

/* "+OK text", "-ERR [code] text"; code may be NULL. */
void		 pop3_session_ok(struct pop3_session *, const char *text);
void		 pop3_session_err(struct pop3_session *, const char *code,
		    const char *text);
/* The end, after what was written. */
void		 pop3_session_close(struct pop3_session *);
/* The command that waited has been answered: look at the input again. */
void		 pop3_session_done(struct pop3_session *);

/* pop3_cmd.c: the line is a copy that lives as long as the call */
void		 pop3_cmd_line(struct pop3_session *, struct span line);

/* pop3_login.c */
void		 pop3_login_pass(struct pop3_session *, struct span password);
void		 pop3_login_auth(struct pop3_session *,
		    const struct pop3_command *);
void		 pop3_login_challenge(struct caller *, const void *, size_t);
void		 pop3_login_failed(struct caller *, enum login_why,
		    const char *, int close);

/* pop3_open.c: the login has succeeded; ends with its +OK */
void		 pop3_open(struct caller *);
/* pop3_list.c */
void		 pop3_list_stat(struct pop3_session *);
void		 pop3_list_list(struct pop3_session *,
		    const struct pop3_command *);
void		 pop3_list_uidl(struct pop3_session *,
		    const struct pop3_command *);
/* pop3_retr.c: RETR and TOP */
void		 pop3_retr(struct pop3_session *,
		    const struct pop3_command *);
/* pop3_update.c: QUIT */
void		 pop3_update(struct pop3_session *);

#endif
