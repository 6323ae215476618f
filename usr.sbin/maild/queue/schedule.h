/*
 * What is in the spool and when it is tried: relayed by destination domain,
 * delivered late to mailboxes here, reported to its sender at the end.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "envelope.h"
#include "proc.h"

struct conf;

void	schedule_init(void);
void	schedule_conf(const struct conf *);
/*
 * A message that just went into the spool, with its body (-1: read it from
 * there).  Takes both.
 */
void	schedule_fresh(struct envelope *, int fd);
void	schedule_rcpt_result(const struct msg_relay_rcpt_r *);
void	schedule_job_done(const struct msg_relay_r *);
void	schedule_window(const struct msg_relay_window *);
void	schedule_relay_gone(void);
/* Once a second: start what is due. */
void	schedule_tick(void);
/* Is it in our hands just now (its spool entry must not be touched)? */
struct envelope *schedule_active(uint64_t id);
size_t	schedule_count(void);
/* mailctl: forget what is known of domains, look at the spool from the front. */
void	schedule_restart(void);

#endif
