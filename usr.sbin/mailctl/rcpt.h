/* The recipients of a message, each once, in the order they were found. */
#ifndef RCPT_H
#define RCPT_H

#include <stddef.h>

#include "libmail/arena.h"
#include "libutil/hashtab.h"
#include "libutil/span.h"

#define RCPTS_MAX	100000

struct rcpts {
	const char	*hostname;	/* for names without a domain */
	char		**v;		/* canonical (libsmtp/smtp_path.h) */
	size_t		 n;
	char		*bad;		/* the first that is no address */
	struct hashtab	 seen;
	struct arena	 arena;
};

void	rcpts_init(struct rcpts *, const char *hostname);
void	rcpts_free(struct rcpts *);
/*
 * Add a list of addresses as a header field has it.  0, or -1 with errno;
 * what is no address is put into bad and is no error here.
 */
int	rcpts_add(struct rcpts *, struct span list);

#endif
