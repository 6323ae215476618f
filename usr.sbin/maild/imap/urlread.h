/*
 * The bytes that a URL of a message names (RFC 5092): of a mailbox of the
 * session's own, or of whoever has signed it for others (URLAUTH).
 */
#ifndef URLREAD_H
#define URLREAD_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

struct isession;
struct urlread;

/* None is called before urlread_start returns; after done nothing is. */
struct urlread_ops {
	/* So many bytes will come. */
	void	(*begin)(void *arg, uint64_t total);
	/* 0; 1: enough for now, until urlread_resume; -1: no more. */
	int	(*data)(void *arg, const char *, size_t);
	/* 0: there are none, or no more. */
	void	(*done)(void *arg, int ok);
};

/* auth: the store judges by the URL's signature, else it must be relative. */
struct urlread	*urlread_start(struct isession *, struct span url, int auth,
		    const struct urlread_ops *, void *arg);
void		 urlread_resume(struct urlread *);
/* Also NULL. */
void		 urlread_free(struct urlread *);

#endif
