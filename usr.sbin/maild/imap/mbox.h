/*
 * Mailboxes that some session of this process has selected: their uid list,
 * once for all sessions, and what the store says has happened to them.
 */
#ifndef MBOX_H
#define MBOX_H

#include <sys/queue.h>

#include <stdint.h>

#include "libutil/rseq.h"
#include "libutil/span.h"
#include "msg.h"
#include "request.h"
#include "uidlist.h"

#define MBOX_KEYWORDS	64

struct view;
TAILQ_HEAD(viewlist, view);
struct syncjob;
LIST_HEAD(syncjobs, syncjob);
struct loader;
SLIST_HEAD(loaders, loader);

struct mbox {
	uint64_t	 id;
	uint64_t	 modseq;	/* as last heard of */
	uint32_t	 uidnext, exists; /* the same; 0: nothing yet */
	uint8_t		 deleted;
	struct uidlist	*list;		/* NULL: nobody has needed it yet */
	uint64_t	 list_modseq;	/* list is true as of this */
	uint32_t	 list_next;	/* and all its uids are below this */
	struct span	*names;		/* keywords, by bit */
	unsigned	 nnames;
	char		*names_text;
	struct viewlist	 views;
	struct syncjobs	 jobs;
	struct loaders	 loaders;
	unsigned	 loading;	/* what keeps it alive besides */
};

/* What has happened since a modseq; the rows belong to the job. */
struct mbox_sync {
	uint8_t		 code;		/* enum msg_st */
	uint64_t	 since;
	uint64_t	 modseq;
	uint32_t	 uidnext;
	uint32_t	 exists;
	struct rseq	 vanished;
	struct rseq	 changed;	/* new ones too */
	const uint8_t	*rows;		/* flags and modseq of changed */
	size_t		 rowslen;
};

typedef void (*mbox_sync_cb)(void *arg, const struct mbox_sync *);
typedef void (*mbox_load_cb)(void *arg, int ok);

void		 mbox_init(void);
/* The one of that id, made if there is none; keep it by having a view in it. */
struct mbox	*mbox_get(uint64_t id);
void		 mbox_put(struct mbox *);
/* "a b c": bit 0 first.  0, or -1: malformed. */
int		 mbox_set_keywords(struct mbox *, const char *);
void		 mbox_changed(const struct msg_st_changed *);
/* An answer of the store says that the mailbox is at this modseq. */
void		 mbox_heard(struct mbox *, uint64_t modseq);

/*
 * Ask what happened since; everybody who asks the same at the same time
 * shares one answer, and the list is brought up to it where that can be.  sid
 * has the right to ask; readers with another \Seen have other answers.  The
 * callback comes later, and once; after mbox_forget never.
 */
void		 mbox_sync(struct mbox *, uint64_t sid, uint32_t reader,
		    uint64_t since, mbox_sync_cb, void *arg);
/* Get the list from the store, as it is now. */
void		 mbox_load(struct mbox *, uint64_t sid, mbox_load_cb,
		    void *arg);
void		 mbox_forget(struct mbox *, void *arg);

#endif
