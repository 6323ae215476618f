/* One client of an imap process. */
#ifndef ISESSION_H
#define ISESSION_H

#include <sys/queue.h>

#include <stdint.h>

#include "caller.h"
#include "libimap/imap_command.h"
#include "libimap/imap_parse.h"
#include "libimap/imap_state.h"
#include "libimap/imap_write.h"
#include "msg.h"
#include "progress.h"
#include "request.h"

struct events;
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
struct isession {
	struct caller	 c;		/* first, see caller.h */
	uint8_t		 mode;		/* enum input_mode */
	uint8_t		 busy;		/* a command runs: no input */
	uint8_t		 waits;		/* APPEND: for the queue */
	uint8_t		 news;		/* the mailbox has moved on */
	uint8_t		 telling;	/* a sync outside of a command */
	uint8_t		 overflow;	/* of NOTIFY, still to be said */
	uint32_t	 told_uidnext;	/* before the sync under way */
	struct events	*events;	/* NOTIFY is in force */
	uint8_t		 bye;		/* closing after this command */
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
	struct view	*view;		/* the selected mailbox */
	uint32_t	 txn;		/* of APPEND at the queue */
	uint8_t		 appending;	/* the queue has all of it */
	struct imap_command *append_cmd; /* the parser's, between segments */
	char		*tag;		/* of an APPEND that is refused */
	uint8_t		 done_waits;	/* DONE came amid news */
	uint8_t		 idle_bad;	/* and was something else */
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
};

/* isession.c */
extern const struct caller_proto isession_proto;
struct isession	*isession_find(uint64_t sid);
uint64_t	 isession_sid(const struct isession *);
uint32_t	 isession_enabled(const struct isession *);

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
void		 ilogin_challenge(struct caller *, const void *, size_t);
void		 ilogin_done(struct caller *);
void		 ilogin_failed(struct caller *, enum login_why, const char *,
		    int close);
/* He is nobody again. */
void		 ilogin_forget(struct isession *);
int		 ilogin_caps(struct isession *, struct buf *);

#endif
