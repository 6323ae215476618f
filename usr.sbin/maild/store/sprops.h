/* Annotations of mailboxes and of the server (RFC 5464). */
#ifndef SPROPS_H
#define SPROPS_H

#include "proc.h"

void	sprops_get(const struct proc_from *, const struct msg_st_props *);
void	sprops_set(const struct proc_from *, const struct msg_st_setprops *);

#endif
