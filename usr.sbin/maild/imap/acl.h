/* What of access control stands in other responses. */
#ifndef ACL_H
#define ACL_H

#include <stdint.h>

#include "libimap/imap_write.h"

/* "* MYRIGHTS name rights" */
void	acl_write_mine(struct imap_out *, struct span name, uint16_t rights);

#endif
