/*
 * LIST patterns: `%' stands for anything but the separator, `*' for anything.
 * Time is at most name length times pattern length over 64, whatever they are.
 */
#ifndef IMAP_MATCH_H
#define IMAP_MATCH_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

#define IMAP_MATCH_WORDS	16	/* 64 pattern characters each */

/* A compiled pattern, without memory of its own. */
struct imap_match {
	struct span	 pat;		/* borrowed, or NULL: matches nothing */
	uint32_t	 nstates;	/* characters after squeezing, and 1 */
	uint32_t	 nwords;
	uint64_t	 star[IMAP_MATCH_WORDS];
	uint64_t	 percent[IMAP_MATCH_WORDS];
	uint16_t	*pos;		/* unused by callers */
	uint64_t	*masks;		/* of each byte that is in it */
	uint8_t		 index[256];	/* which of them; 0: none */
};

/* 0, or -1: too long, or ENOMEM.  pat must live on. */
int	imap_match_init(struct imap_match *, struct span pat);
void	imap_match_free(struct imap_match *);

#define IMAP_MATCH_NAME		0x01	/* the name matches */
#define IMAP_MATCH_PARENT	0x02	/* one of its parents does */
#define IMAP_MATCH_CHILD	0x04	/* something below it may */

/* IMAP_MATCH_*, or 0. */
int	imap_match(const struct imap_match *, struct span name);
/* Of several patterns: the union. */
int	imap_match_any(const struct imap_match *, size_t n, struct span name);

#endif
