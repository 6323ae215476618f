/*
 * Address lists (RFC 5322 3.4 with the obsolete forms, RFC 6532), tolerant of
 * broken ones.  What is there and what is missing agrees with Dovecot's
 * parser, so that ENVELOPE does.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "libmail/arena.h"
#include "libutil/buf.h"
#include "libutil/span.h"

enum address_kind {
	ADDRESS_MAILBOX,
	ADDRESS_GROUP,		/* a group begins; local is its name */
	ADDRESS_GROUPEND	/* ends; nothing else is set */
};

/* What was wrong with it. */
#define ADDRESS_BADROUTE	0x01
#define ADDRESS_SYNTAX		0x02	/* <...> could not be read */
#define ADDRESS_INVALID		0x04	/* some error, the others included */

/*
 * Spans without quotes, comments and folds; p is NULL where there is none.
 * Encoded words in the name are left as they are.
 */
struct address {
	enum address_kind	kind;
	int			flags;
	struct span		name;
	struct span		route;	/* "@a,@b" */
	struct span		local;
	struct span		domain;
};

struct address_list {
	struct address	*v;
	size_t		 n;
	size_t		 cap;
	int		 cut;	/* there were more than max */
};

/*
 * Append what is in a field's value, at most max entries in the list.  0, or
 * -1 with ENOMEM; whatever the value holds is no error.
 */
int	address_list_add(struct arena *, struct address_list *,
	    struct span value, size_t max);
/* One address-list value that begins as {0}. */
#define ADDRESS_LIST_NONE	((struct address_list){ NULL, 0, 0, 0 })

/*
 * One addr-spec or path without angle brackets, strictly: RFC 5321 Mailbox,
 * 8-bit (UTF-8) allowed.  Spans point into the text; local keeps its quotes.
 * 0, or -1.
 */
int	address_spec_parse(struct span, struct span *local,
	    struct span *domain);
/*
 * The author's domain for DMARC: domain of the first mailbox of a From value.
 * Returns the number of mailboxes with a domain (0: domain unset).
 */
size_t	address_from_domain(struct arena *, struct span value,
	    struct span *domain);
/* Write as a header would spell it: name <local@domain>, quoted as needed. */
int	address_print(const struct address *, struct buf *);
/*
 * A whole list in the one form that SEARCH FROM and the like look into (which
 * is Dovecot's): "Joe \"X\"" <local@domain>, G: <a@b>;  Names with encoded
 * words stay unquoted.  0, or -1 when out is full (what fits has been added)
 * or ENOMEM.
 */
int	address_list_print(const struct address_list *, struct buf *);

#endif
