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

#include "conf.h"
#include "conn.h"
#include "libpop3/pop3_command.h"
#include "libpop3/pop3_drop.h"
#include "libpop3/pop3_line.h"
#include "libpop3/pop3_state.h"
#include "msg.h"
#include "request.h"

struct tls;
struct uidlist;

#define POP3_OUT_HIGH	(512 * 1024)	/* more output waits for the client */

enum pop3_wait {
	POP3_WAIT_NONE,
	POP3_WAIT_TLS,
	POP3_WAIT_CONNECT,	/* lookup */
	POP3_WAIT_AUTH,		/* auth, or store's word on its grant */
	POP3_WAIT_JOB		/* a command that takes several turns */
};

/*
 * A command under way keeps what it needs behind `job'; job_free is called
 * when the command ends, or the session.
 */
struct pop3_session {
	uint64_t	 sid;
	TAILQ_ENTRY(pop3_session) entry;
	struct conn	*conn;		/* NULL: hung up while QUIT runs */
	uint8_t		 kind;		/* enum conf_listen_kind */
	uint8_t		 wait;		/* enum pop3_wait */
	uint8_t		 eof;		/* nothing more will be asked */
	uint8_t		 stalled;	/* no input until output is out */
	uint8_t		 auth_ok, granted; /* auth, store have said yes */
	uint8_t		 final;		/* SCRAM's last word is with him */
	uint8_t		 mech;		/* enum msg_mech */
	uint32_t	 auth_failures;
	uint32_t	 errors;
	size_t		 endless;	/* bytes of a line that is too long */
	uint32_t	 listener;
	struct addr	 client;
	struct pop3_state st;
	struct pop3_line line;
	char		*user;		/* of USER */
	char		*account;
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
	uint64_t	 since;		/* ms */
};

/* pop3_session.c */
void		 pop3_session_conf(const struct conf *, struct tls *);
const struct conf *pop3_session_config(void);
struct tls	*pop3_session_tls(void);
void		 pop3_session_accept(const struct conf_listen *, int fd,
		    const struct addr *, uint32_t uid);
struct pop3_session *pop3_session_find(uint64_t sid);
void		 pop3_session_each(void (*)(struct pop3_session *, void *),
		    void *arg);
size_t		 pop3_session_count(void);
void		 pop3_session_connected(const struct msg_connect_r *);
void		 pop3_session_stop_all(void);
void		 pop3_session_peer_gone(enum proc_id);

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
void		 pop3_login_line(struct pop3_session *, struct span line);
void		 pop3_login_malformed(struct pop3_session *);
void		 pop3_login_challenge(struct pop3_session *,
		    const struct msg_blob *);
void		 pop3_login_result(struct pop3_session *,
		    const struct msg_auth_r *);
void		 pop3_login_granted(struct pop3_session *,
		    const struct msg_granted *);
void		 pop3_login_lost(struct pop3_session *);
const char	*pop3_login_mechs(const struct pop3_session *);

/* pop3_open.c: the login has succeeded; ends with its +OK */
void		 pop3_open(struct pop3_session *);
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
