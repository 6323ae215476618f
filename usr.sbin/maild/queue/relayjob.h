/*
 * Jobs for relay: one message, those of its recipients that share a domain.
 * Each domain has a line of its own, and only so many of a domain are with
 * relay at once, so that a slow one does not hold up the others.
 */
#ifndef RELAYJOB_H
#define RELAYJOB_H

#include "envelope.h"
#include "proc.h"

struct conf;

/* Every BUSY destination of that domain is now DONE, FAILED or PENDING. */
typedef void (*relayjob_cb)(void *arg);
/* A descriptor with the message's body for the job to keep, or -1. */
typedef int (*relayjob_body)(void *arg);

void	relayjob_init(void);
void	relayjob_conf(const struct conf *);
/*
 * Take on the PENDING remote destinations of one domain: they become BUSY.
 * The envelope must live until the callback, which does not come before this
 * returns.
 */
void	relayjob_start(struct envelope *, const char *domain, relayjob_body,
	    relayjob_cb, void *arg);
void	relayjob_rcpt_result(const struct proc_from *,
	    const struct msg_relay_rcpt_r *);
void	relayjob_done(const struct proc_from *, const struct msg_relay_r *);
void	relayjob_window(uint32_t messages);
void	relayjob_relay_gone(void);
/* Send what may be sent; each turn. */
void	relayjob_turn(void);
size_t	relayjob_waiting(const char *domain);

#endif
