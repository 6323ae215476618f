/*
 * Who has which mailbox selected, and so wants to know of changes: told once
 * for each imap process.  And the disk: queue is told.
 */
#ifndef WATCH_H
#define WATCH_H

#include <sys/queue.h>

#include <stdint.h>

#define WATCH_MAX	1000	/* mailboxes that one session may watch */

struct watched;

struct watcher {
	LIST_ENTRY(watcher) entry;	/* of the mailbox */
	LIST_ENTRY(watcher) ofsession;
	struct watched	*of;
	unsigned	 inst;
	uint64_t	 sid;
	uint8_t		 readonly;
};
LIST_HEAD(watchlist, watcher);

/* What one session watches; zero to begin with. */
struct watches {
	struct watchlist list;
	unsigned	 count;
};

void	watch_init(void);
/* Once, however often it is said.  -1: too many. */
int	watch_add(struct watches *, unsigned inst, uint64_t sid, uint64_t mbox,
	    int readonly);
void	watch_remove(struct watches *, uint64_t mbox);
void	watch_remove_all(struct watches *);
/* After a commit: what it changed. */
void	watch_tell(void);

/* queue is there anew: tell it of the disk. */
void	watch_queue_here(void);
/* Once a second, and when a message did not fit on it. */
void	watch_disk(void);

#endif
