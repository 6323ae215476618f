/* The bytes of a message that came as a descriptor, in memory. */
#ifndef CONTENT_H
#define CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

struct content {
	struct span	 span;
	void		*mem;
	size_t		 maplen;	/* 0: mem is from malloc */
};

/*
 * size bytes of fd, which stays the caller's.  A sealed one is mapped; any
 * other is copied, for its writer may cut it under our feet.  0 or -1.
 */
int	content_open(struct content *, int fd, uint64_t size);
void	content_close(struct content *);

#endif
