/*
 * What one session's client has been told of its selected mailbox, and how
 * the client hears of the rest.
 */
#ifndef VIEW_H
#define VIEW_H

#include "mbox.h"

struct context;
struct isession;
struct relearn;
struct updating;

TAILQ_HEAD(contexts, context);

struct view {
	TAILQ_ENTRY(view) entry;	/* in the mailbox */
	struct isession	*session;
	struct mbox	*mbox;
	uint8_t		 readonly;
	uint16_t	 rights;	/* RIGHT_* */
	uint32_t	 reader;	/* whose \Seen it is; 0: the owner's */
	uint8_t		 stale;		/* a list diff is owed: no EXPUNGE */
	uint32_t	 uidvalidity;
	/* told to the client */
	uint64_t	 modseq;
	uint32_t	 exists;
	uint32_t	 uidnext;
	unsigned	 nnames;
	struct rseq	 recent;
	uint32_t	 recent_next;	/* \Recent is decided below this */
	/* the uids behind his numbers: the first `exists' of them; NULL: not
	 * needed yet */
	struct uidlist	*snap;
	/* STORE .SILENT: flags of these modseqs are not news to him, but the
	 * modseqs are; nothing of the other one is */
	uint64_t	 silent_first, silent_last;
	uint64_t	 told_modseq;
	struct rseq	 saved;		/* SEARCH RETURN (SAVE), uids */
	/* a sync or load that is under way */
	unsigned	 flags;
	void		(*done)(void *, int ok);
	void		*arg;
	void		(*sync_done)(void *, int ok);
	void		*sync_arg;
	struct relearn	*relearn;
	/* context.c: searches whose answers are kept up to date */
	struct contexts	 contexts;
	struct updating	*updating;
	struct rseq	 touched;	/* uids, for them to look at again */
};

#define VIEW_EXPUNGE	0x01	/* EXPUNGE may be told now */
#define VIEW_UID	0x02	/* with the uid in each FETCH */

/* 0 in ok: the mailbox or the store is gone. */
typedef void (*view_cb)(void *arg, int ok);

struct view	*view_open(struct isession *, const struct msg_st_select_r *);
void		 view_close(struct view *);
/* Make sure that snap is there. */
void		 view_load(struct view *, view_cb, void *arg);
/*
 * Tell the client what has happened (untagged EXPUNGE or VANISHED, EXISTS,
 * RECENT, FETCH), then call back; at once where nothing has.
 */
void		 view_sync(struct view *, unsigned flags, view_cb, void *arg);
/* The change of flags that has this modseq was told, or needs not to be. */
void		 view_told(struct view *, uint64_t modseq);
/* Is there anything to tell? */
int		 view_behind(const struct view *);
/* Are there messages more, or less? */
int		 view_moved(const struct view *);
/* The store says that the mailbox has moved on. */
void		 view_changed(struct view *, const struct msg_st_changed *);
/* Untagged FLAGS and [PERMANENTFLAGS]; also when a keyword is new. */
void		 view_tell_flags(struct view *);
/* Flags of the store's form to libimap's bits, with \Recent. */
uint32_t	 view_flags(const struct view *, uint32_t uid,
		    uint16_t stored);

#endif
