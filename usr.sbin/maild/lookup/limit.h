/* Who is connected: sessions in all and from each address. */
#ifndef LOOKUP_LIMIT_H
#define LOOKUP_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/addr.h"

enum limit { LIMIT_OK, LIMIT_ADDRESS, LIMIT_TOTAL };

void		limit_init(void);
/*
 * A session begins: may it?  max 0: no limit.  An IPv6 client counts by its
 * /64.  One that may not is not counted.
 */
enum limit	limit_add(unsigned inst, uint64_t sid, const struct addr *,
		    uint32_t max_address, uint32_t max_total);
void		limit_remove(unsigned inst, uint64_t sid);
/* That smtp died. */
void		limit_forget(unsigned inst);
size_t		limit_count(void);

#endif
