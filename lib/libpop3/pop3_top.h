/* Where TOP ends: behind the header, the empty line and so many lines. */
#ifndef POP3_TOP_H
#define POP3_TOP_H

#include <stddef.h>
#include <stdint.h>

struct pop3_top {
	uint32_t	 lines;		/* of the body, still to come */
	uint8_t		 body;		/* the header is behind us */
	uint8_t		 done;
	uint8_t		 text;		/* the line at hand is not empty */
};

void	pop3_top_init(struct pop3_top *, uint32_t lines);
/* How much of the next bytes of the message belongs to it; see done. */
size_t	pop3_top_add(struct pop3_top *, const char *, size_t len);

#endif
