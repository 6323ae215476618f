/*
 * Questions to lookup: where does this recipient's mail go?  Lost with the
 * process that was asked: then the answer is a temporary failure.
 */
#ifndef EXPAND_H
#define EXPAND_H

#include "proc.h"

struct expand_dst {
	uint8_t		 kind;
	char		*address;
	char		*mailbox;
	uint64_t	 quota_bytes;
	uint64_t	 quota_messages;
};

struct expand_answer {
	const struct msg_expand_r *r;
	const struct expand_dst *dsts;
	size_t		 ndsts;
};

typedef void (*expand_cb)(void *arg, const struct expand_answer *);

/* A copy of what the callback gets; NULL: ENOMEM. */
struct expand_answer *expand_answer_dup(const struct expand_answer *);
void	expand_answer_free(struct expand_answer *);

void	expand_init(void);
/* The cookie of m is set here.  Not called back before this returns. */
void	expand_ask(const struct msg_expand *m, expand_cb, void *arg);
void	expand_dst(const struct msg_expand_dst *);
void	expand_done(const struct msg_expand_r *);
void	expand_lookup_gone(void);
/* Those that could not be sent, or were lost: answer them (each turn). */
void	expand_turn(void);

#endif
