/*
 * Which session of an imap process may see which account: auth has said so.
 */
#ifndef SGRANT_H
#define SGRANT_H

#include "libstore/mstore.h"
#include "proc.h"
#include "watch.h"

struct sgrant {
	struct {
		uint64_t	 sid;
		uint64_t	 inst;
	}		 key;
	uint32_t	 account;
	struct mstore_quota limit;
	struct watches	 watches;
};

void		 sgrant_init(void);
/* Opens the account, makes it if need be, and answers the worker. */
void		 sgrant_add(const struct msg_grant *);
/* NULL: nobody vouched for it. */
struct sgrant	*sgrant_find(unsigned inst, uint64_t sid);
/* The same, where the mailbox must be one of its account's. */
struct sgrant	*sgrant_mailbox(unsigned inst, uint64_t sid, uint64_t mbox,
		    struct mstore_mailbox *);
void		 sgrant_end(unsigned inst, uint64_t sid);
void		 sgrant_worker_gone(unsigned inst);
/* The tables are new ones: what accounts may hold. */
void		 sgrant_limits(void);

#endif
