/* What mailctl asks of the queue. */
#ifndef ADMIN_H
#define ADMIN_H

#include "proc.h"

void	admin_stats(void);
void	admin_ctl(const struct proc_from *, const struct msg_ctl *);
void	admin_more(const struct msg_ctl_more *);
void	admin_control_gone(void);

#endif
