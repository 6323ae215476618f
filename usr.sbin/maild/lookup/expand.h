/*
 * The decision about one recipient: is he ours, which accounts does that
 * mean, may this client send there at all.  Tables in, answer out; no I/O.
 */
#ifndef LOOKUP_EXPAND_H
#define LOOKUP_EXPAND_H

#include "libtable/table.h"
#include "msg.h"

struct conf;

#define EXPAND_DSTS	1000	/* destinations of one recipient */
#define EXPAND_STEPS	8000	/* addresses looked at on the way */
#define EXPAND_DEPTH	32	/* aliases within aliases */

struct expand_site {
	const struct conf *conf;
	struct table	 domains;
	struct table	 aliases;
	struct table	 accounts;
};

struct expand_dst {
	enum msg_dst	 kind;
	char		*address;
	char		*mailbox;	/* sub-address, or "" */
	uint64_t	 quota_bytes;
	uint64_t	 quota_messages;
};

/* code 250 when dsts holds what to do with the message. */
struct expand_result {
	uint16_t	 code;
	const char	*enhanced;
	const char	*text;
	uint8_t		 own_sender;
	uint8_t		 trusted;
	struct expand_dst *dsts;
	size_t		 ndsts;
};

/* -1: one of the tables of conf is damaged. */
int	expand_site_init(struct expand_site *, const struct conf *);
/* Fills in the result, to be freed with expand_result_free. */
void	expand_rcpt(const struct expand_site *, const struct msg_expand *,
	    struct expand_result *);
void	expand_result_free(struct expand_result *);
/* From a network that may relay, or through our own local socket. */
int	expand_trusted_client(const struct conf *, const struct addr *);

#endif
