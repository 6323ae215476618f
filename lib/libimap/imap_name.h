/*
 * Mailbox names.  Inside they are UTF-8 in NFC, components separated by `/',
 * INBOX spelled so; on the wire modified UTF-7, or UTF-8 once the client has
 * enabled it (RFC 6855, RFC 9051 5.1).
 */
#ifndef IMAP_NAME_H
#define IMAP_NAME_H

#include <stddef.h>

#include "libutil/span.h"

#define IMAP_NAME_SEP	'/'
#define IMAP_NAME_MAX	1000	/* bytes of UTF-8 */
#define IMAP_NAME_COMP	255	/* bytes of one component */
#define IMAP_NAME_DEPTH	64	/* components */

#define IMAP_NAME_UTF8	0x01	/* the wire has UTF-8 */
#define IMAP_NAME_NEW	0x02	/* to be created: stricter, and one `/' at its
				 * end is dropped */

/*
 * From the wire to dst, NUL-terminated.  Returns the length, or -1 with *why
 * a text: such a mailbox cannot exist.
 */
int	imap_name_read(struct span wire, int flags,
	    char dst[IMAP_NAME_MAX + 1], const char **why);
/* The rules alone, for a name in the inner form; NULL, or why not. */
const char *imap_name_check(struct span name, int flags);
/*
 * LIST's reference and pattern, put together, in the inner form.  A pattern
 * that is no name matches nothing: -1.
 */
int	imap_pattern_read(struct span reference, struct span pattern,
	    int flags, char dst[IMAP_NAME_MAX + 1]);
/* Order in which a parent comes right before its children; like memcmp. */
int	imap_name_cmp(struct span, struct span);
/* Is b below a? */
int	imap_name_below(struct span a, struct span b);
/* The same name when case does not count in INBOX. */
int	imap_name_is_inbox(struct span);

#endif
