/*
 * Which session may send as which account: auth says so, not the worker.
 */
#ifndef GRANT_H
#define GRANT_H

#include "proc.h"

void		 grant_init(void);
void		 grant_add(const struct msg_grant *);
void		 grant_end(enum proc_id, unsigned inst, uint64_t sid);
void		 grant_worker_gone(enum proc_id, unsigned inst);
/* The account, or "" for a session that nobody vouched for. */
const char	*grant_account(enum proc_id, unsigned inst, uint64_t sid);

#endif
