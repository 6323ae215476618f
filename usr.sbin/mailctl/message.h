/*
 * A message as a local program wrote it: lines may end in LF, the header may
 * hold the recipients, and much of it may be missing.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "rcpt.h"

#define MESSAGE_MAX	(1024UL * 1024 * 1024)

struct message {
	struct buf	 text;		/* as it is sent, but for line ends */
	uint64_t	 size;		/* of text with CRLF */
	int		 has_8bit;
	int		 has_from;	/* fields */
	int		 has_resent_from;
	int		 has_resent;
};

/*
 * Read a descriptor to its end, or, dots being set, to a line with a single
 * dot.  0, or -1 with errno.
 */
int	message_read(struct message *, int fd, int dots);
/*
 * Look at the header: keep Bcc to ourselves, note what is there; with rcpts
 * not NULL add who is in To, Cc and Bcc (their Resent- forms if there are
 * any).  A line that is no field begins the body.  0, or -1 with errno.
 */
int	message_header(struct message *, struct rcpts *);
/* A field of our own at the front.  0 or -1. */
int	message_prepend(struct message *, const char *field);
/* After the last change: count. */
void	message_measure(struct message *);
void	message_free(struct message *);

#endif
