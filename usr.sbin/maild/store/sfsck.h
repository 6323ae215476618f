/* A check of the store while it is in use: mailctl fsck. */
#ifndef SFSCK_H
#define SFSCK_H

#include "msg.h"
#include "proc.h"

void	sfsck_init(void);
/* Begin; one that is under way ends, and the new one is who hears of it. */
void	sfsck_begin(const struct proc_from *, uint32_t cookie);

#endif
