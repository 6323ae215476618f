/*
 * The envelope of a message in the queue's hands: who sent it, for whom it is,
 * where each destination stands.  Kept in the spool as bytes.
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"

#define ENVELOPE_DSTS	2000	/* the most destinations of one message */

/* A recipient as the client named him. */
struct recipient {
	char		*address;
	char		*orcpt;
	uint8_t		 notify;	/* ENV_NEVER ... */
};

enum dst_state {
	DSTATE_PENDING,
	DSTATE_BUSY,		/* under way; PENDING again after a crash */
	DSTATE_DONE,		/* stored, relayed, discarded */
	DSTATE_FAILED,		/* for good; a DSN may be owed */
	DSTATE_REPORTED		/* failed, and the sender was told */
};

/* Where it goes: an account here, or an address elsewhere. */
struct destination {
	uint8_t		 kind;		/* enum msg_dst */
	uint8_t		 state;		/* enum dst_state */
	uint16_t	 rcpt;		/* index of the recipient */
	uint16_t	 code;		/* last reply, 0 none */
	char		*address;
	char		*mailbox;	/* sub-address, or "" */
	char		*enhanced;
	char		*text;
	char		*host;		/* that said so */
	uint64_t	 quota_bytes;
	uint64_t	 quota_messages;
};

struct envelope {
	uint64_t	 id;
	int64_t		 created;
	int64_t		 next;		/* next try */
	uint32_t	 flags;		/* ENV_* of msg.h */
	uint32_t	 tries;
	uint8_t		 hold;
	uint8_t		 warned;	/* a delay was reported */
	char		*sender;
	char		*envid;
	uint64_t	 size;		/* of the body, without a prefix */
	struct buf	 prefix;	/* what relayed copies begin with */
	struct recipient *rcpts;
	size_t		 nrcpts;
	struct destination *dsts;
	size_t		 ndsts;
};

struct envelope	*envelope_new(void);
void		 envelope_free(struct envelope *);
/* All copy their strings; -1 with ENOMEM. */
int		 envelope_set(char **, const char *);
struct recipient *envelope_add_rcpt(struct envelope *, const char *address,
		    const char *orcpt, uint8_t notify);
/*
 * Add a destination of the recipient added last.  The same account and
 * mailbox, or the same remote address, is only added once; NULL: ENOMEM or
 * too many.
 */
struct destination *envelope_add_dst(struct envelope *, uint8_t kind,
		    const char *address, const char *mailbox);
/* The reply that decided, or postponed, a destination. */
int		 envelope_set_reply(struct destination *, uint16_t code,
		    const char *enhanced, const char *text, const char *host);
size_t		 envelope_count(const struct envelope *, enum dst_state);
/* "example.org" of local@example.org; "" when there is none. */
const char	*envelope_domain(const char *address);

/* The spool's form; -1: ENOMEM.  Decode: NULL when not well formed. */
int		 envelope_encode(const struct envelope *, struct buf *);
struct envelope	*envelope_decode(const void *, size_t);

#endif
