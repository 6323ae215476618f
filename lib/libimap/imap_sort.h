/* SORT and THREAD (RFC 5256, 5957): what the commands ask for. */
#ifndef IMAP_SORT_H
#define IMAP_SORT_H

#include "libimap/imap_search.h"

#define IMAP_SORT_KEYS	16

enum imap_sort_key {
	IMAP_SORT_ARRIVAL, IMAP_SORT_CC, IMAP_SORT_DATE, IMAP_SORT_FROM,
	IMAP_SORT_SIZE, IMAP_SORT_SUBJECT, IMAP_SORT_TO,
	IMAP_SORT_DISPLAYFROM, IMAP_SORT_DISPLAYTO, IMAP_SORT_RELEVANCY
};
#define IMAP_SORT_REVERSE	0x80	/* added to a key */

struct imap_sort {
	uint8_t			keys[IMAP_SORT_KEYS];
	uint32_t		nkeys;
	struct imap_search	search;
};

enum imap_thread_alg {
	IMAP_THREAD_ORDEREDSUBJECT, IMAP_THREAD_REFERENCES, IMAP_THREAD_REFS
};

struct imap_thread {
	uint8_t			alg;
	struct imap_search	search;
};

int	imap_lex_sort(struct imap_lexer *, struct imap_sort *);
int	imap_lex_thread(struct imap_lexer *, struct imap_thread *);

#endif
