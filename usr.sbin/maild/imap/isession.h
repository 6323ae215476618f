/* One client of an imap process. */
#ifndef ISESSION_H
#define ISESSION_H

#include <sys/queue.h>

#include <stdint.h>

#include "conf.h"
#include "conn.h"
#include "libimap/imap_command.h"
#include "libimap/imap_parse.h"
#include "libimap/imap_state.h"
#include "libimap/imap_write.h"
#include "msg.h"
#include "progress.h"
#include "request.h"

struct tls;
struct view;

#define ISESSION_NOAUTH		60	/* seconds of silence before LOGIN */
#define ISESSION_NOAUTH_IN_ALL	300

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
struct isession {
	uint64_t	 sid;
	TAILQ_ENTRY(isession) entry;
	struct conn	*conn;
	uint8_t		 kind;		/* enum conf_listen_kind */
	uint8_t		 mode;		/* enum input_mode */
	uint8_t		 busy;		/* a command runs: no input */
	uint8_t		 waits;		/* for lookup, TLS or auth */
	uint8_t		 asking;	/* lookup: may he? */
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
	struct progress	 progress;	/* of it */
	struct {			/* filter.c: its program */
		struct imap_search *search;
		struct span	 name;
		void		(*next)(struct isession *);
	}		 filter;
	uint32_t	 limited;	/* MESSAGELIMIT: lowest uid, or 0 */
	uint8_t		 lang;		/* enum lang */
	uint8_t		 keep_cmd;	/* it lives on: context.c has it */
	void		*job;
	void		(*job_free)(void *);
	char		*account;
	struct view	*view;		/* the selected mailbox */
	uint32_t	 txn;		/* of APPEND at the queue */
	uint8_t		 appending;	/* the queue has all of it */
	struct imap_command *append_cmd; /* the parser's, between segments */
	char		*tag;		/* of an APPEND that is refused */
	uint8_t		 done_waits;	/* DONE came amid news */
	uint8_t		 idle_bad;	/* and was something else */
	uint8_t		 eof;		/* nothing more will be asked */
	uint8_t		 stalled;	/* he does not read our answers */
	size_t		 endless;	/* bytes skipped of one command */
	/* All output is with the kernel: a long answer goes on. */
	void		(*drained)(struct isession *);
	struct {			/* the tagged reply, until it is said */
		enum imap_result result;
		const char	*code;	/* static, or codetext */
		char		 codetext[64];
		void		(*tail)(struct isession *, struct imap_out *);
		char		 text[160];
	}		 end;
	uint64_t	 since;		/* ms */
};

/* isession.c */
void		 isession_conf(const struct conf *, struct tls *);
const struct conf *isession_config(void);
struct tls	*isession_tls(void);
void		 isession_accept(const struct conf_listen *, int fd,
		    const struct addr *, uint32_t uid);
struct isession	*isession_find(uint64_t sid);
uint64_t	 isession_sid(const struct isession *);
uint32_t	 isession_enabled(const struct isession *);
void		 isession_each(void (*)(struct isession *, void *), void *arg);
size_t		 isession_count(void);
void		 isession_connected(const struct msg_connect_r *);
void		 isession_stop_all(void);
void		 isession_peer_gone(enum proc_id);

/* Responses go into isession_out; isession_out_done sends them. */
struct imap_out	*isession_out(struct isession *);
void		 isession_out_done(struct isession *);
/* "* BYE text" and the end. */
void		 isession_bye(struct isession *, const char *text);
void		 isession_close(struct isession *);
/* Look at the input again. */
void		 isession_continue(struct isession *);
/* view.c: there is something to tell; at once if the client idles. */
void		 isession_news(struct isession *);

/*
 * The end of a command: tell what has happened to the mailbox, then the tagged
 * reply.  code (without brackets) and text may be NULL.
 */
void		 isession_done(struct isession *, enum imap_result,
		    const char *code, const char *text);
/* The same where the code is built by hand: "tag OK " is written, then what
 * `tail' writes, which must end the line. */
void		 isession_done_with(struct isession *, enum imap_result,
		    void (*tail)(struct isession *, struct imap_out *));
/* The tagged reply was written by other means. */
void		 isession_said(struct isession *, enum imap_result);
/* By the store's answer: enum msg_st to NO with its code. */
void		 isession_done_st(struct isession *, uint8_t st,
		    const char *text);

/* command.c: what ENABLE, or use, can turn on */
#define COMMAND_ENABLES	(IMAP_EN_CONDSTORE | IMAP_EN_QRESYNC | \
			    IMAP_EN_UTF8 | IMAP_EN_REV2 | IMAP_EN_UIDONLY)
void		 command_start(struct isession *);

/* ilogin.c */
void		 ilogin_login(struct isession *);
void		 ilogin_authenticate(struct isession *);
void		 ilogin_line(struct isession *, struct span line);
void		 ilogin_challenge(struct isession *, const struct msg_blob *);
void		 ilogin_result(struct isession *, const struct msg_auth_r *);
void		 ilogin_granted(struct isession *, const struct msg_granted *);
void		 ilogin_lost(struct isession *);
/* He is nobody again. */
void		 ilogin_forget(struct isession *);
const char	*ilogin_mechs(const struct isession *);
int		 ilogin_caps(struct isession *, struct buf *);

#endif
