/* Sessions that said NOTIFY (RFC 5465): they hear of all that they may see. */
#ifndef SNOTIFY_H
#define SNOTIFY_H

#include "libstore/mstore.h"
#include "proc.h"

struct sgrant;

void	snotify_init(void);
void	snotify_set(const struct proc_from *, const struct msg_st_notify *);
/* The grant goes. */
void	snotify_end(struct sgrant *);

/* In a handler: something happened to a name; by whom, who is not told. */
void	snotify_name(const struct sgrant *by, enum msg_st_event_kind,
	    uint64_t mbox, const char *old);
/* Around a change of a mailbox's rights: to whom it was there, and is not. */
void	snotify_rights_before(const struct mstore_mailbox *);
void	snotify_rights_after(const struct sgrant *by,
	    const struct mstore_mailbox *);
/* A mailbox is about to be deleted: who is to hear of it must be asked now. */
void	snotify_deleting(const struct sgrant *by, uint64_t mbox);
void	snotify_subscribed(const struct sgrant *by, const char *name, int on);
/* mbox 0: of the server, and of this account alone. */
void	snotify_metadata(const struct sgrant *by, uint64_t mbox,
	    struct span entry);
/* After a commit. */
void	snotify_event(const struct mstore_event *);
void	snotify_tell(void);

#endif
