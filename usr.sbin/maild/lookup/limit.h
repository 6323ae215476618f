/*
 * Who is connected: sessions in all and from each address, and how fast new
 * ones come.  The kinds of workers are counted apart.
 */
#ifndef LOOKUP_LIMIT_H
#define LOOKUP_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/addr.h"

enum limit { LIMIT_OK, LIMIT_ADDRESS, LIMIT_TOTAL, LIMIT_RATE };

#define LIMIT_WORKER(proc, inst)	((unsigned)(proc) << 8 | (inst))
#define LIMIT_KIND(worker)		((worker) >> 8)

void		limit_init(void);
/*
 * A session begins: may it?  max 0: no limit.  An IPv6 client counts by its
 * /64.  One that may not is not counted.
 */
enum limit	limit_add(unsigned worker, uint64_t sid, const struct addr *,
		    uint32_t max_address, uint32_t max_total);
void		limit_remove(unsigned worker, uint64_t sid);
/* That worker died. */
void		limit_forget(unsigned worker);
/*
 * One more connection, now in seconds: 1 when there were max already within
 * this minute.  It needs no more memory for many addresses; two may share a
 * count, others in each minute.
 */
int		limit_rate(const struct addr *, uint64_t now, uint32_t max);
size_t		limit_count(void);

#endif
