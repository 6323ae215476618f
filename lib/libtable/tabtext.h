/*
 * The text of tables(5): reads a file's bytes line by line and calls back for
 * each entry.  Nothing is looked up here and nothing is kept.
 */
#ifndef TABTEXT_H
#define TABTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

#define TABTEXT_LINE	4096		/* bytes of a line */
#define TABTEXT_SECRET	400
#define TABTEXT_NAME	200		/* of a display name */
#define TABTEXT_DEFAULT	UINT64_MAX	/* a quota that was not given */

/* In the order of enum conf_table. */
enum tabkind { TAB_DOMAINS, TAB_ALIASES, TAB_ACCOUNTS, TAB_SECRETS, TAB_MAX };

/* Spans point into the text; what was not written is empty. */
struct tabrow {
	unsigned	line;		/* where the key stands, 1 and up */
	size_t		start;		/* in the text: its first line; and */
	size_t		end;		/* after the last one so far */
	struct span	key;
	/* TAB_DOMAINS */
	struct span	alias_of;
	struct span	catch_all;
	/* TAB_ACCOUNTS */
	struct span	secret;
	struct span	display;
	uint64_t	quota_bytes;	/* 0 none, or TABTEXT_DEFAULT */
	uint64_t	quota_messages;
	uint8_t		disabled;
	/* TAB_ALIASES: one call for each member */
	struct span	member;
	unsigned	member_line;
	unsigned	member_n;	/* 0 and up */
};

/* Return non-zero to stop: tabtext_parse then returns that. */
typedef int (*tabtext_row)(const struct tabrow *, void *arg);
/* word is what the message is about; it may be empty. */
typedef void (*tabtext_error)(unsigned line, struct span word,
    const char *text, void *arg);

/* 0, or -1 when an error was reported; entries after it are read as well. */
int	tabtext_parse(enum tabkind, const char *text, size_t len, tabtext_row,
	    tabtext_error, void *arg);

/* "10", "512K", "1.5G", "none"; -1: not a size. */
int	tabtext_size(struct span, uint64_t *);

#endif
