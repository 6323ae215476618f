/* Mailbox names and special uses between client and store. */
#ifndef NAME_H
#define NAME_H

#include <stdint.h>

#include "libimap/imap_name.h"
#include "libutil/span.h"

struct isession;

/* -1: it is no name, and the command has been answered with NO. */
int		 name_read(struct isession *, struct span wire, int flags,
		    char dst[IMAP_NAME_MAX + 1]);
/* IMAP_USE_* and MSTORE_USE_*. */
uint32_t	 name_use_to_store(uint32_t);
uint32_t	 name_use_from_store(uint32_t);

#endif
