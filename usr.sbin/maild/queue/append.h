/* APPEND of the imap processes: messages go by scan into a mailbox. */
#ifndef APPEND_H
#define APPEND_H

#include "proc.h"

struct conf;

void	append_init(void);
void	append_conf(const struct conf *);
void	append_open(const struct proc_from *, const struct msg_append_open *);
void	append_msg(const struct proc_from *, const struct msg_append_msg *,
	    int fd);
void	append_commit(const struct proc_from *,
	    const struct msg_append_commit *);
void	append_abort(const struct proc_from *, const struct msg_append_abort *);
void	append_stored(const struct msg_store_append_r *);
void	append_session_end(const struct proc_from *, uint64_t sid);
void	append_worker_gone(unsigned inst);
void	append_store_gone(void);

#endif
