/*
 * The structure of a message (RFC 2045, 2046) over memory: a flat array of
 * parts, bounded in depth and number; beyond a limit a part is opaque.
 */
#ifndef MIME_H
#define MIME_H

#include <stddef.h>
#include <stdint.h>

#include "libmail/address.h"
#include "libmail/arena.h"
#include "libmail/charset.h"
#include "libmail/header.h"
#include "libmail/rfc2231.h"
#include "libmail/transfer.h"
#include "libutil/span.h"

#define MIME_MAXDEPTH	100
#define MIME_MAXPARTS	4000
#define MIME_MAXADDRS	20000		/* of all envelopes of a message */
#define MIME_MAXTEXT	(4 * 1024 * 1024)	/* of structured fields */
#define MIME_MAXVALUE	(512 * 1024)	/* one structured field; rest is cut */
#define MIME_NOPARENT	UINT32_MAX

/* Stored in the meta blob: only ever append. */
enum mime_class {
	MIME_OTHER, MIME_TEXT_PLAIN, MIME_TEXT_HTML, MIME_TEXT,
	MIME_MULTIPART, MIME_MESSAGE,	/* message/rfc822, parsed */
	MIME_IMAGE, MIME_AUDIO, MIME_VIDEO, MIME_APPLICATION,
	MIME_DELIVERY_STATUS, MIME_CALENDAR, MIME_SIGNATURE,
	MIME_MESSAGE_TEXT,	/* message/... of another kind: text */
	MIME_NCLASSES
};

/* Is the body text to search in?  (A message in it has parts of its own.) */
static inline int
mime_is_text(enum mime_class c)
{
	return c == MIME_TEXT_PLAIN || c == MIME_TEXT_HTML || c == MIME_TEXT ||
	    c == MIME_CALENDAR || c == MIME_DELIVERY_STATUS ||
	    c == MIME_MESSAGE_TEXT;
}

#define MIME_F_MIME	0x01	/* Content-* fields count */
#define MIME_F_DIGEST	0x02	/* multipart/digest */
#define MIME_F_OPAQUE	0x04	/* a limit: not looked into */
#define MIME_F_NUL	0x08	/* root only: there is a NUL in the message */
#define MIME_F_BADTYPE	0x10	/* Content-Type was not readable */
#define MIME_F_NOEND	0x20	/* multipart without its end boundary */
#define MIME_F_ATTACH	0x40	/* to be shown as an attachment */

/* What ENVELOPE shows; values are unfolded but otherwise as written. */
struct envelope {
	struct span		date, subject, inreplyto, msgid;
	struct address_list	from, sender, replyto, to, cc, bcc;
};

/*
 * Offsets count from the start of the message.  All text of the type is as
 * written; p is NULL for a field that is missing.
 */
struct mime_part {
	uint32_t	 parent;	/* index, MIME_NOPARENT for the root */
	uint32_t	 nchildren;
	uint32_t	 first;		/* index of the first child, 0: none */
	uint32_t	 next;		/* next sibling, 0: none */
	uint32_t	 number;	/* among its siblings, from 1 */
	uint32_t	 depth;
	enum mime_class	 class;
	enum transfer	 encoding;
	enum charset	 charset;	/* of a text part */
	int		 flags;
	size_t		 hdr_off, hdr_len;	/* with the empty line */
	size_t		 body_off, body_len;
	uint32_t	 body_lines;	/* line feeds, as Dovecot counts */
	struct span	 type, subtype;		/* never NULL: text/plain */
	struct params	 params;
	struct span	 cte;
	struct span	 id, description, location, md5;
	struct span	 disposition;
	struct params	 dparams;
	struct span	*langs;
	size_t		 nlangs;
	struct envelope	*envelope;	/* root, and child of message/rfc822 */
};

struct mime {
	struct mime_part	*parts;		/* parents before children */
	size_t			 nparts;
	size_t			 cap;
	struct arena		*arena;
	size_t			 maxparts;	/* 0: MIME_MAXPARTS */
	size_t			 addrs_left;	/* of MIME_MAXADDRS */
	size_t			 text_left;	/* of MIME_MAXTEXT */
};

/* Zeroed struct with arena set is ready; parts are kept for the next use. */
void	mime_init(struct mime *, struct arena *);
void	mime_free(struct mime *);
/*
 * prefix: header lines put before the message, {NULL, 0} if none.  Offsets
 * count from the start of the prefix, and the root's header covers it.
 * 0, or -1 with ENOMEM; nothing in the message is an error.
 */
int	mime_parse(struct mime *, struct span prefix, struct span msg);
/* IMAP part number to index, -1: none.  n == 0 is the root. */
int	mime_find(const struct mime *, const uint32_t *path, size_t n);

/* A field's value as it goes into an envelope: without the white space that
 * follows the colon. */
struct span header_value(const struct header *);
/* Count of line feeds. */
size_t	mime_count_lines(const char *, size_t);

#endif
