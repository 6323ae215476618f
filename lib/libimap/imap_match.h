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

/* A compiled pattern: an automaton with a bit for each of its positions. */
struct imap_match {
	uint32_t	 nwords;	/* 0: matches nothing */
	uint32_t	 last;		/* the state in which all was matched */
	uint64_t	*star;		/* states at a `*' */
	uint64_t	*wild;		/* states at a `*' or `%' */
	uint64_t	*masks;		/* states at each byte that is in it */
	uint8_t		 index[256];	/* which mask, 0: none */
};

/* 0; -1: ENOMEM, or EINVAL for a pattern that is too long. */
int	imap_match_init(struct imap_match *, struct span pattern);
/* One that matches nothing. */
void	imap_match_none(struct imap_match *);
void	imap_match_free(struct imap_match *);

#define IMAP_MATCH_NAME		0x01	/* the name matches */
#define IMAP_MATCH_PARENT	0x02	/* one of its parents does */
#define IMAP_MATCH_CHILD	0x04	/* something below it may */

/* IMAP_MATCH_*, or 0. */
int	imap_match(const struct imap_match *, struct span name);
/* Of several patterns: the union. */
int	imap_match_any(const struct imap_match *, size_t n, struct span name);

#endif
