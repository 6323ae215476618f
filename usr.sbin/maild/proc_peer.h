/*
 * The channel to one other process: queues, the checks of the message table,
 * and what is done with a message that passes them.  For proc.c and the
 * parent; processes use proc.h.
 */
#ifndef PROC_PEER_H
#define PROC_PEER_H

#include <sys/time.h>
#include <sys/types.h>
#include <sys/queue.h>

#include <event.h>
#include <stddef.h>
#include <stdint.h>

#include "libimsg/imsg.h"
#include "proc.h"

struct peer;

/* The descriptor (-1: none) is the callee's. */
typedef void (*peer_msg)(struct peer *, uint32_t type, const void *msg,
    int fd);
/* EOF (why is NULL) or a broken rule; the callee frees the peer or exits. */
typedef void (*peer_end)(struct peer *, const char *why);

struct peer {
	TAILQ_ENTRY(peer) dirty;	/* has output */
	TAILQ_ENTRY(peer) muted;	/* to be buried */
	enum proc_id	 proc;
	unsigned	 inst;
	uint32_t	 restarts;	/* of M_PEER */
	int		 fd;
	struct imsgbuf	 ibuf;
	struct event	 evread;
	struct event	 evwrite;
	peer_msg	 msg;
	peer_end	 end;
	size_t		 queued;	/* bytes, see peer_backlog */
	size_t		 fds;		/* descriptors that wait with them */
	size_t		 pause;		/* queued at which it is not heard */
	size_t		 most;		/* and at which it is given up; 0 */
	uint8_t		 isdirty;
	uint8_t		 blocked;	/* evwrite is on */
	uint8_t		 busy;		/* in peer_read: free it later */
	uint8_t		 dead;
	uint8_t		 mute;		/* peer_mute */
	uint8_t		 paused;
};

/* Takes the descriptor; fatal when memory is short. */
struct peer	*peer_new(enum proc_id, unsigned inst, int fd, peer_msg,
		    peer_end);
void		 peer_free(struct peer *);
/* Neither hear it nor speak to it any more; end comes with peer_bury_all. */
void		 peer_mute(struct peer *);
void		 peer_bury_all(void);
/* Takes the descriptor.  What the table forbids is fatal. */
void		 peer_send(struct peer *, uint32_t type, const void *msg,
		    int fd);
/*
 * It may be stuck, or mean ill: hear it no more while so many bytes wait for
 * it, and call end when it comes to the second number all the same.
 */
void		 peer_bound(struct peer *, size_t pause, size_t most);
void		 peer_flush_all(void);		/* as far as the kernel takes */
/* Wait until all of it went, at most so long; 0, or -1. */
int		 peer_flush_wait(struct peer *, int ms);
/* Handle what a peer that is gone has still left us to read. */
void		 peer_drain(struct peer *);
/* Do not listen to it yet; and now do. */
void		 peer_hold(struct peer *);
void		 peer_release(struct peer *);
/* What it says is heard before what came from others in the same turn. */
void		 peer_first(struct peer *);
size_t		 peer_backlog(const struct peer *);
/* Messages handled since the last call. */
unsigned	 peer_handled(void);
/* Who we are, for the table. */
void		 peer_self(enum proc_id);
/* "smtp[1]", in a static buffer. */
const char	*peer_name(const struct peer *);
const char	*peer_name_of(enum proc_id, unsigned inst);

#endif
