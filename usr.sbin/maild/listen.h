/*
 * Listening sockets of a worker: staged with a new configuration, then
 * swapped; accepting stops for a while when descriptors run out.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdint.h>

#include "conf.h"
#include "msg.h"

/* Descriptors that stay free for all but new clients. */
#define LISTEN_RESERVE	32

/*
 * A client: fd is the callback's, non-blocking.  uid is the other side's on a
 * local socket, else ~0.
 */
typedef void (*listen_cb)(const struct conf_listen *, int fd,
	    const struct addr *client, uint32_t uid);

void	listen_stage(const struct msg_conf_listen *, int fd);
/* Use the staged ones with the listeners of this configuration. */
void	listen_swap(const struct conf *, listen_cb);
void	listen_drop(void);
/* No more clients. */
void	listen_stop(void);

#endif
