/* Messages that come in from the queue: deliveries and appends. */
#ifndef SDELIVER_H
#define SDELIVER_H

#include "proc.h"

void	sdeliver_init(void);
/* Descriptors are taken. */
void	sdeliver_to(const struct msg_deliver_to *);
void	sdeliver_meta(const struct msg_deliver_meta *, int fd);
void	sdeliver_message(const struct msg_deliver *, int fd);
void	sdeliver_append_msg(const struct msg_store_append_msg *, int fd);
void	sdeliver_append(const struct msg_store_append *);
void	sdeliver_queue_gone(void);

#endif
