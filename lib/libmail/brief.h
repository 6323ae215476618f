/*
 * Briefs: what is asked of all messages of a mailbox at once, cut out of the
 * meta blob and the header, so that it can be kept together, apart from the
 * messages.  Two kinds: what SEARCH looks into, and the fields of the header
 * that are not long.  They can be made anew at any time; the reader trusts no
 * byte of them.
 */
#ifndef BRIEF_H
#define BRIEF_H

#include <stddef.h>
#include <stdint.h>

#include "libmail/date.h"
#include "libmail/header.h"
#include "libmail/meta.h"
#include "libutil/buf.h"
#include "libutil/span.h"

#define BRIEF_VERSION	1	/* of both forms; another one: make it anew */
#define BRIEF_HEADER	65536	/* bytes of a header that are looked at */

enum brief_kind { BRIEF_SEARCH, BRIEF_FIELDS, BRIEF_NKINDS };

#define BRIEF_NTEXTS	(META_BCC - META_SUBJECT + 1)

struct brief_search {
	uint32_t	flags;		/* META_F_* */
	struct maildate	sent;		/* t 0 if META_F_NODATE */
	struct span	text[BRIEF_NTEXTS];	/* META_SUBJECT and on; p NULL:
						 * none */
};

/* Append it to out; -1: out is full. */
int	brief_search_put(const struct meta *, struct buf *out);
/* 0, or -1: malformed.  The spans point into the memory. */
int	brief_search_open(struct brief_search *, const void *, size_t);

/*
 * Fields as they stand in the message, one after the other.  Those that are
 * long and seldom asked for are left out, by name: whoever wants such a one has
 * to look into the message.
 */
struct brief_fields {
	const uint8_t	*omitted;	/* u16 hash each */
	uint32_t	 nomitted;
	uint8_t		 none;		/* nothing can be said by this */
	/* the walk */
	const uint8_t	*field;
	uint32_t	 left;
	struct span	 raw;
};

/* header: the first bytes of the message, at least the smaller of its header
 * and BRIEF_HEADER. */
int	brief_fields_put(const struct meta *, struct span header,
	    struct buf *out);
int	brief_fields_open(struct brief_fields *, const void *, size_t);
/* Are fields of that name always left out? */
int	brief_fields_never(struct span name);
/* May a field of that name (header_name_hash) be in the message, but not
 * here? */
int	brief_fields_lacks(const struct brief_fields *, uint32_t hash);
/* The next field: 1, or 0.  Its name is looked at by the caller where id is
 * HEADER_OTHER. */
int	brief_fields_next(struct brief_fields *, enum header_id *id,
	    struct span *raw);

#endif
