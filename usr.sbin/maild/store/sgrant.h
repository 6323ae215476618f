/*
 * Which session of an imap process may see which account: auth has said so.
 */
#ifndef SGRANT_H
#define SGRANT_H

#include "libstore/mstore.h"
#include "proc.h"
#include "watch.h"

/* Rights to other people's mailboxes that were judged lately (srights.h). */
#define SGRANT_RIGHTS	4
struct sgrant_rights {
	uint64_t	 mbox;
	uint64_t	 generation;
	uint16_t	 rights;
};

struct sgrant {
	struct {
		uint64_t	 sid;
		uint64_t	 inst;
	}		 key;
	uint32_t	 account;
	struct mstore_quota limit;
	struct watches	 watches;
	struct sgrant_rights rights[SGRANT_RIGHTS];
	unsigned	 oldest;
	uint8_t		 notify;	/* snotify.h */
	uint8_t		 knew;		/* the mailbox at hand, before */
	LIST_ENTRY(sgrant) listening;
	char		*name;		/* of the account */
	struct rseq	 parts;		/* uids of a COPY to come, swrite.c */
};

void		 sgrant_init(void);
/* Opens the account, makes it if need be, and answers the worker. */
void		 sgrant_add(const struct msg_grant *);
/* NULL: nobody vouched for it. */
struct sgrant	*sgrant_find(unsigned inst, uint64_t sid);
/*
 * The same, where its account must have all rights of `need' (RIGHT_*) in the
 * mailbox; *rights are those that it has.  NULL: *code says why not.
 */
struct sgrant	*sgrant_mailbox(unsigned inst, uint64_t sid, uint64_t mbox,
		    uint16_t need, struct mstore_mailbox *, uint16_t *rights,
		    enum msg_st *code);
void		 sgrant_end(unsigned inst, uint64_t sid);
void		 sgrant_worker_gone(unsigned inst);
/* The tables are new ones: what accounts may hold. */
void		 sgrant_limits(void);

#endif
