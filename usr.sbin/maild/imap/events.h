/*
 * NOTIFY (RFC 5465): what a client wants to hear of while no command runs, and
 * of mailboxes that are not selected.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <sys/queue.h>

#include <stdint.h>

#include "libimap/imap_command.h"
#include "msg.h"

struct isession;
struct events;

#define EVENTS_GROUPS	50	/* of one command */
#define EVENTS_NAMES	1000	/* in all of them */
#define EVENTS_PENDING	500	/* mailboxes that wait while a command runs */
#define EVENTS_OUTPUT	(64 * 1024)	/* bytes that the client has not read */

#define EVENTS_MESSAGES	(IMAP_NE_MESSAGENEW | IMAP_NE_EXPUNGE |		\
			    IMAP_NE_FLAGCHANGE)

void	events_free(struct isession *);
/* The store says that something happened. */
void	events_got(struct isession *, const struct msg_st_event *);
/* Tell what has waited; between two responses of a command, or outside. */
void	events_flush(struct isession *);

/* May the selected mailbox's news be told now, while no command runs? */
int	events_tell_selected(const struct isession *);
/* And its EXPUNGEs? */
int	events_tell_expunge(const struct isession *);
/*
 * They were told, with uids from first on that are new: what the client wants
 * of these.  1: under way, done is called.
 */
int	events_fetch_new(struct isession *, uint32_t first,
	    void (*done)(struct isession *));

/* Its FETCH has ended, however it did: 1. */
int	events_fetch_ended(struct isession *);

/* ---- between events.c and events_tell.c ---------------------------------- */

struct events_group {
	const struct imap_notify_group *g;
	char		**names;
	uint32_t	 n;
};

struct pending {
	TAILQ_ENTRY(pending) entry;
	uint32_t	 events;	/* IMAP_NE_* */
	uint8_t		 gone;		/* \NonExistent, or unsubscribed */
	uint8_t		 children;
	uint8_t		 subscribed;
	uint64_t	 mbox;
	uint32_t	 uidvalidity, uidnext, exists, unseen;
	uint64_t	 highestmodseq;
	char		*name;
	char		*other;
};

struct events {
	char		*text;		/* of the command */
	struct imap_command *cmd;	/* parsed from it again */
	struct events_group groups[EVENTS_GROUPS];
	uint32_t	 n;
	const struct imap_notify_group *selected; /* or NULL */
	struct imap_command *fetch;	/* MessageNew's FETCH, under way */
	struct imap_command *saved;	/* the session's meanwhile */
	void		(*fetched)(struct isession *);
	TAILQ_HEAD(, pending) pending;
	unsigned	 npending;
};

/* The events that he wants of a mailbox. */
uint32_t events_wanted(const struct events *, struct span name,
	    int subscribed);
void	 events_write_status(struct isession *, const struct pending *,
	    int all);
/* He is too slow, or it is too much: as after NOTIFY NONE. */
void	 events_overflow(struct isession *);

#endif
