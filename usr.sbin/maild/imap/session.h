/* One client of an imap process. */
#ifndef SESSION_H
#define SESSION_H

#include <sys/queue.h>

#include <stdint.h>

#include "conf.h"
#include "conn.h"
#include "libimap/imap_command.h"
#include "libimap/imap_parse.h"
#include "libimap/imap_state.h"
#include "libimap/imap_write.h"
#include "msg.h"
#include "request.h"

struct tls;
struct view;

/* What the bytes that come mean. */
enum input_mode {
	INPUT_COMMANDS,
	INPUT_SASL,		/* lines of AUTHENTICATE */
	INPUT_IDLE,		/* the line DONE */
	INPUT_APPEND		/* bytes of a message */
};

/*
 * A command under way keeps what it needs behind `job'; job_free is called
 * when the command ends, or the session.
 */
struct session {
	uint64_t	 sid;
	TAILQ_ENTRY(session) entry;
	struct conn	*conn;
	uint8_t		 kind;		/* enum conf_listen_kind */
	uint8_t		 mode;		/* enum input_mode */
	uint8_t		 busy;		/* a command runs: no input */
	uint8_t		 waits;		/* for lookup, TLS or auth */
	uint8_t		 news;		/* the mailbox has moved on */
	uint8_t		 telling;	/* a sync outside of a command */
	uint8_t		 bye;		/* closing after this command */
	uint8_t		 auth_ok, granted; /* auth, store have said yes */
	uint8_t		 final;		/* SCRAM's last word is with him */
	uint8_t		 mech;		/* enum msg_mech */
	uint32_t	 auth_failures;
	uint32_t	 errors;
	uint32_t	 listener;
	struct addr	 client;
	struct imap_session_state st;
	struct imap_parser parser;
	struct imap_out	 out;
	struct imap_command *cmd;	/* the one under way */
	void		*job;
	void		(*job_free)(void *);
	char		*account;
	struct view	*view;		/* the selected mailbox */
	uint32_t	 txn;		/* of APPEND at the queue */
	uint8_t		 appending;	/* the queue has all of it */
	struct imap_command *append_cmd; /* the parser's, between segments */
	char		*tag;		/* of an APPEND that is refused */
	uint8_t		 done_waits;	/* DONE came amid news */
	/* All output is with the kernel: a long answer goes on. */
	void		(*drained)(struct session *);
	struct {			/* the tagged reply, until it is said */
		enum imap_result result;
		const char	*code;	/* static */
		void		(*tail)(struct session *, struct imap_out *);
		char		 text[160];
	}		 end;
	uint64_t	 since;		/* ms */
};

/* session.c */
void		 session_conf(const struct conf *, struct tls *);
const struct conf *session_config(void);
struct tls	*session_tls(void);
void		 session_accept(const struct conf_listen *, int fd,
		    const struct addr *, uint32_t uid);
struct session	*session_find(uint64_t sid);
uint64_t	 session_sid(const struct session *);
uint32_t	 session_enabled(const struct session *);
void		 session_each(void (*)(struct session *, void *), void *arg);
size_t		 session_count(void);
void		 session_connected(const struct msg_connect_r *);
void		 session_stop_all(void);
void		 session_peer_gone(enum proc_id);

/* Responses go into session_out; session_out_done sends them. */
struct imap_out	*session_out(struct session *);
void		 session_out_done(struct session *);
/* "* BYE text" and the end. */
void		 session_bye(struct session *, const char *text);
void		 session_close(struct session *);
/* Look at the input again. */
void		 session_continue(struct session *);
/* view.c: there is something to tell; at once if the client idles. */
void		 session_news(struct session *);

/*
 * The end of a command: tell what has happened to the mailbox, then the tagged
 * reply.  code (without brackets) and text may be NULL.
 */
void		 session_done(struct session *, enum imap_result,
		    const char *code, const char *text);
/* The same where the code is built by hand: "tag OK " is written, then what
 * `tail' writes, which must end the line. */
void		 session_done_with(struct session *, enum imap_result,
		    void (*tail)(struct session *, struct imap_out *));
/* By the store's answer: enum msg_st to NO with its code. */
void		 session_done_st(struct session *, uint8_t st,
		    const char *text);

/* command.c: what ENABLE, or use, can turn on */
#define COMMAND_ENABLES	0
void		 command_start(struct session *);

/* login.c */
void		 login_login(struct session *);
void		 login_authenticate(struct session *);
void		 login_line(struct session *, struct span line);
void		 login_challenge(struct session *, const struct msg_blob *);
void		 login_result(struct session *, const struct msg_auth_r *);
void		 login_granted(struct session *, const struct msg_granted *);
void		 login_lost(struct session *);
const char	*login_mechs(const struct session *);
int		 login_caps(struct session *, struct buf *);

#endif
