/* Mail comes in from files: what a source of messages needs. */
#ifndef IMPORT_H
#define IMPORT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "libutil/buf.h"

#define IMPORT_SEEN	0x01
#define IMPORT_ANSWERED	0x02
#define IMPORT_FLAGGED	0x04
#define IMPORT_DELETED	0x08
#define IMPORT_DRAFT	0x10

#define IMPORT_KEYWORDS	1024

struct import;

struct import_msg {
	const char	*name;		/* of the file, for people */
	const uint8_t	*data;		/* lines end in LF or CRLF */
	size_t		 len;
	time_t		 date;		/* it came */
	unsigned	 flags;
	char		 keywords[IMPORT_KEYWORDS];	/* with spaces */
};

/*
 * The messages that follow go to this mailbox: UTF-8, parts between '/', ""
 * for the one that was named.  It is made if it is missing.
 */
void	import_mailbox(struct import *, const char *name);
void	import_message(struct import *, const struct import_msg *);
/* One that cannot be read. */
void	import_bad(struct import *, const char *name, const char *why);
/* How far the source is. */
void	import_progress(struct import *, uint64_t done, uint64_t all);
/* The longest message that is taken; 0 any. */
uint64_t import_limit(const struct import *);

/* The sources. */
void	import_maildir(struct import *, const char *path);
void	import_mbox(struct import *, const char *path);

/* import_known.c: messages of a mailbox, by what makes them the same. */
struct known {
	uint64_t	*keys;		/* 0: free */
	uint32_t	*counts;
	size_t		 size;
	size_t		 n;
};
#define KNOWN_HEAD	1024	/* octets that are looked at */
uint64_t known_key(const void *head, size_t headlen, uint64_t size);
void	known_add(struct known *, uint64_t);
/* One of them less: 1, or 0 when there is none. */
int	known_take(struct known *, uint64_t);
void	known_free(struct known *);

#endif
