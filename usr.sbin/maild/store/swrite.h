/* What imap changes: mailboxes, flags, expunging, copies. */
#ifndef SWRITE_H
#define SWRITE_H

#include "proc.h"

void	swrite_mailbox(const struct proc_from *, const struct msg_st_mailbox *);
void	swrite_flags(const struct proc_from *, const struct msg_st_flags *);
void	swrite_expunge(const struct proc_from *, const struct msg_st_expunge *);
void	swrite_copy(const struct proc_from *, const struct msg_st_copy *);

#endif
