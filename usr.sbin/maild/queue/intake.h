/* Transactions of the smtp processes, from MAIL to the reply after the dot. */
#ifndef INTAKE_H
#define INTAKE_H

#include "proc.h"

struct conf;

void	intake_init(void);
void	intake_conf(const struct conf *);
void	intake_from(const struct proc_from *, const struct msg_env_from *);
void	intake_rcpt(const struct proc_from *, const struct msg_env_rcpt *);
void	intake_spill(const struct proc_from *, const struct msg_env_spill *);
void	intake_commit(const struct proc_from *, const struct msg_env_commit *);
void	intake_abort(const struct proc_from *, const struct msg_env_abort *);
void	intake_session_end(const struct proc_from *, uint64_t sid);
void	intake_worker_gone(unsigned inst);

#endif
