/*
 * One mailctl: a request is a line with a JSON object {"verb", "id",
 * "sender", "rcpt", "older", "arg"}, the answer a line with an object for each
 * row and at last {"end": true, "ok": ..., "text": ...}.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "conf.h"
#include "proc.h"

void	client_init(void);
void	client_accept(const struct conf_listen *, int fd,
	    const struct addr *, uint32_t uid);
void	client_row(const struct proc_from *, const struct msg_ctl_row *);
void	client_wait(const struct proc_from *, const struct msg_ctl_wait *);
void	client_end(const struct proc_from *, const struct msg_ctl_end *);
void	client_peer_gone(enum proc_id, unsigned inst);

#endif
