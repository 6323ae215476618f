/*
 * The name of a client: by PTR, and only when the name's address is the
 * client's again.
 */
#ifndef LOOKUP_PTR_H
#define LOOKUP_PTR_H

#include "libutil/addr.h"

/* "" when there is none.  Called once, from ptr_ask itself or later. */
typedef void (*ptr_cb)(const char *name, void *arg);

void		 ptr_init(void);
void		 ptr_ask(const struct addr *, ptr_cb, void *arg);
/* What is known without asking: a name, "" for none, NULL: not known. */
const char	*ptr_cached(const struct addr *);

#endif
