/* Access control lists (RFC 4314): reading and changing them. */
#ifndef SACL_H
#define SACL_H

#include "proc.h"

void	sacl_acl(const struct proc_from *, const struct msg_st_acl *);

#endif
