/* The commands: a table, and what each is parsed into. */
#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include <stdint.h>

#include "libimap/imap_append.h"
#include "libimap/imap_args.h"
#include "libimap/imap_list.h"
#include "libimap/imap_search.h"
#include "libimap/imap_sort.h"

enum imap_command_id {
	IMAP_CAPABILITY, IMAP_NOOP, IMAP_LOGOUT, IMAP_ID, IMAP_STARTTLS,
	IMAP_AUTHENTICATE, IMAP_LOGIN, IMAP_UNAUTHENTICATE, IMAP_ENABLE,
	IMAP_COMPRESS, IMAP_LANGUAGE, IMAP_COMPARATOR, IMAP_SELECT,
	IMAP_EXAMINE, IMAP_CREATE, IMAP_DELETE, IMAP_RENAME,
	IMAP_SUBSCRIBE, IMAP_UNSUBSCRIBE, IMAP_LIST, IMAP_LSUB,
	IMAP_NAMESPACE, IMAP_STATUS, IMAP_APPEND, IMAP_REPLACE, IMAP_IDLE,
	IMAP_CHECK, IMAP_CLOSE, IMAP_UNSELECT, IMAP_EXPUNGE, IMAP_SEARCH,
	IMAP_SORT, IMAP_THREAD, IMAP_FETCH, IMAP_STORE, IMAP_COPY, IMAP_MOVE,
	IMAP_GETQUOTA, IMAP_GETQUOTAROOT, IMAP_SETQUOTA, IMAP_GETMETADATA,
	IMAP_SETMETADATA, IMAP_SETACL, IMAP_DELETEACL, IMAP_GETACL,
	IMAP_LISTRIGHTS, IMAP_MYRIGHTS, IMAP_NOTIFY, IMAP_ESEARCH,
	IMAP_CANCELUPDATE, IMAP_UIDBATCHES, IMAP_GENURLAUTH,
	IMAP_RESETKEY, IMAP_URLFETCH, IMAP_GETJMAPACCESS,
	IMAP_NCOMMANDS
};

/* States in which a command is allowed. */
#define IMAP_IN_NOAUTH		0x01
#define IMAP_IN_AUTH		0x02	/* authenticated, nothing selected */
#define IMAP_IN_SELECTED	0x04
#define IMAP_IN_LOGGED		(IMAP_IN_AUTH | IMAP_IN_SELECTED)
#define IMAP_IN_ANY		(IMAP_IN_NOAUTH | IMAP_IN_LOGGED)

#define IMAP_CF_UID		0x01	/* has a form with UID before it */
#define IMAP_CF_NUMBERS		0x02	/* without UID: sequence numbers */
#define IMAP_CF_STREAM		0x04	/* messages follow it: imap_append.h */
#define IMAP_CF_SECRET		0x08	/* do not log; wipe */
#define IMAP_CF_PRIVACY		0x10	/* not in the clear (LOGINDISABLED) */
#define IMAP_CF_ALONE		0x20	/* nothing may be pipelined after it */
#define IMAP_CF_NOEXPUNGE	0x40	/* without UID: no EXPUNGE may be sent
					 * while it runs */

struct imap_command;

struct imap_command_def {
	const char	*name;
	uint8_t		 id;
	uint8_t		 states;
	uint8_t		 flags;
	/* From after the name up to the end of the line, without it. */
	int		(*parse)(struct imap_lexer *, struct imap_command *);
};

/* All spans point into text or the arena and live as long as the command. */
struct imap_command {
	struct imap_arena	 arena;
	struct imap_arena	 segment;	/* imap_append.h */
	struct span		 text;
	struct span		 tag;		/* p NULL: reply with `*' */
	const struct imap_command_def *def;	/* NULL: BAD */
	uint8_t			 id;		/* enum imap_command_id */
	uint8_t			 uid;		/* UID stood before it */
	const char		*why;		/* when BAD or TOOBIG */
	union {
		struct span		 mailbox; /* DELETE, (UN)SUBSCRIBE,
						   * GETQUOTAROOT, GETACL.. */
		struct span		 word;	/* COMPRESS, GETQUOTA */
		struct imap_words	 words;	/* LANGUAGE, COMPARATOR,
						 * CANCELUPDATE, RESETKEY */
		struct imap_seqset	 set;	/* UID EXPUNGE */
		struct imap_login	 login;
		struct imap_authenticate auth;
		struct imap_enable	 enable;
		struct imap_id		 id;
		struct imap_select	 select;
		struct imap_create	 create;
		struct imap_rename	 rename;
		struct imap_list	 list;	/* LIST, LSUB */
		struct imap_status	 status;
		struct imap_append	 append; /* APPEND, REPLACE */
		struct imap_search	 search;
		struct imap_sort	 sort;
		struct imap_thread	 thread;
		struct imap_fetch	 fetch;
		struct imap_store	 store;
		struct imap_copy	 copy;	/* COPY, MOVE */
		struct imap_setquota	 setquota;
		struct imap_getmetadata	 getmetadata;
		struct imap_setmetadata	 setmetadata;
		struct imap_acl		 acl;
		struct imap_notify	 notify;
		struct imap_esearch	 esearch;
		struct imap_uidbatches	 uidbatches;
		struct imap_urls	 urls;	/* GENURLAUTH, URLFETCH */
	} u;
};

extern const struct imap_command_def imap_command_table[IMAP_NCOMMANDS];

/* NULL: no such command. */
const struct imap_command_def *imap_command_find(struct span name);

struct imap_command	*imap_command_new(size_t max);	/* NULL: ENOMEM */
void			 imap_command_free(struct imap_command *);

/* Forget what was parsed, keep nothing. */
void			 imap_command_reset(struct imap_command *);

/*
 * Parse text, one line with the literals in it, its line end included; the
 * command's spans point into it.  DONE: whole and well; a command with
 * IMAP_CF_STREAM may then be at a message (u.append.stream).  MORE: text is
 * the good beginning of a command.  BAD, TOOBIG: why says what for.
 */
enum codec	 imap_command_parse(struct imap_command *, struct span text);
/* The next segment of an APPEND, which is copied; MORE changes nothing. */
enum codec	 imap_command_segment(struct imap_command *, struct span text);
/* Tag and command as far as they can be read, for a line that is too long. */
void		 imap_command_peek(struct span text, struct span *tag,
		    const struct imap_command_def **);
/* IMAP_EN_* that using this command turns on (RFC 7162 3.1). */
uint32_t	 imap_command_enables(const struct imap_command *);

#endif
