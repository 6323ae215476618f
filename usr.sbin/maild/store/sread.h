/* What imap reads: lists, counters, uids, changes, messages. */
#ifndef SREAD_H
#define SREAD_H

#include "proc.h"

void	sread_list(const struct proc_from *, const struct msg_st_list *);
void	sread_status(const struct proc_from *, const struct msg_st_status *);
void	sread_select(const struct proc_from *, const struct msg_st_select *);
void	sread_unselect(const struct proc_from *,
	    const struct msg_st_unselect *);
void	sread_uids(const struct proc_from *, const struct msg_st_uids *);
void	sread_sync(const struct proc_from *, const struct msg_st_sync *);
/* One page, for who has been found to have the right to it. */
void	sread_page(const struct proc_from *, const struct msg_st_fetch *,
	    uint32_t reader);
void	sread_fetch(const struct proc_from *, const struct msg_st_fetch *);
void	sread_quota(const struct proc_from *, const struct msg_st_quota *);

/* The plain answer. */
void	sread_answer(const struct proc_from *, uint64_t sid, uint32_t req,
	    enum msg_st code);

#endif
