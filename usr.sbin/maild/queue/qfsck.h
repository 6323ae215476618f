/* Checking the spool while it is in use: mailctl fsck. */
#ifndef QFSCK_H
#define QFSCK_H

#include "proc.h"

void	 qfsck_init(void);
/* Ends with M_CTL_END; another one that is under way ends then. */
void	 qfsck_begin(const struct proc_from *, uint32_t cookie);

#endif
