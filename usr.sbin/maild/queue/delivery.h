/*
 * Deliveries at the store.  When the store dies, what it had not answered is
 * asked again as soon as it is back, marked so that it refuses doubles; if it
 * stays away the destinations fail for the time being.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "envelope.h"
#include "msg.h"
#include "proc.h"

/* What is delivered; all of it must live until the callback. */
struct delivery_what {
	uint64_t	 id;
	uint8_t		 dedupe;	/* it may have been tried before */
	int64_t		 date;
	int		 fd;
	uint64_t	 size;
	const struct buf *prefix;
	const struct buf *meta;		/* empty: in metafd */
	int		 metafd;
	uint32_t	 metasize;
	uint64_t	 threadkeys[4];
	struct envelope	*env;
};

/* Every local destination now is DONE, FAILED or PENDING with its reply. */
typedef void (*delivery_cb)(void *arg);

struct delivery;

void		 delivery_init(void);
/* To all local destinations that are PENDING.  NULL: ENOMEM. */
struct delivery	*delivery_start(const struct delivery_what *, delivery_cb,
		    void *arg);
void		 delivery_answer(const struct msg_deliver_r *);
void		 delivery_store_gone(void);
void		 delivery_store_here(void);
/* Called once a second: who waits too long for the store is told. */
void		 delivery_tick(void);
size_t		 delivery_count(void);

/* The store's disk, as it reports it. */
void		 delivery_disk(const struct msg_store_full *);
int		 delivery_disk_full(void);

#endif
