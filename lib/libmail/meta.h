/*
 * The meta blob: all that IMAP wants to know of a message without reading it,
 * one packed string that scan writes once and that is stored beside the
 * message.  The reader trusts no byte of it.  A typical one has 1 KB.
 *
 * Offsets count from the start of the stored message, prefix included.
 */
#ifndef META_H
#define META_H

#include <stddef.h>
#include <stdint.h>

#include "libmail/charset.h"
#include "libmail/date.h"
#include "libmail/header.h"
#include "libmail/mime.h"
#include "libutil/buf.h"
#include "libutil/span.h"

#define META_VERSION	1
#define META_MAX	(1024 * 1024)	/* no blob is larger */
#define META_TEXTMAX	1000		/* cap of each search text */
#define META_PREVIEWLEN	200		/* characters, RFC 8970 */

/* Numbers are stored: only ever append. */
enum meta_text {
	META_ENVELOPE,		/* with parentheses */
	META_BODYSTRUCTURE,	/* with parentheses */
	META_MSGID,		/* normalised, without <> */
	META_SUBJECT,		/* the five for SEARCH: decoded, casemapped */
	META_FROM,
	META_TO,
	META_CC,
	META_BCC,
	META_BASESUBJ,		/* RFC 5256 2.1, casemapped */
	META_SORT_FROM,		/* SORT: local part of the first address, */
	META_SORT_TO,		/*   casemapped */
	META_SORT_CC,
	META_DISP_FROM,		/* SORT=DISPLAY (RFC 5957), casemapped */
	META_DISP_TO,
	META_PREVIEW,		/* UTF-8, may be empty */
	META_LISTID,		/* what stands in <> of List-Id, lower case */
	META_NTEXTS,
	META_NTEXTS_MAX = 32
};

#define META_F_REPLY		0x0001	/* base subject: was a reply/forward */
#define META_F_NODATE		0x0002	/* no (readable) Date field */
#define META_F_FIELDS_CUT	0x0004	/* header index is not complete */
#define META_F_PARTS_CUT	0x0008	/* part index or structure is cut */
#define META_F_ATTACH		0x0010	/* has an attachment */
#define META_F_8BIT		0x0020	/* 8-bit bytes in the header */
#define META_F_NUL		0x0040	/* NUL somewhere */
#define META_F_CUT(t)		(0x10000u << ((t) - META_SUBJECT))
					/* META_SUBJECT..BCC was cut: a miss
					 * in it is no answer */

struct meta {
	struct span	blob;
	struct span	text[META_NTEXTS];	/* p NULL: none */
	uint32_t	flags;
	uint32_t	size;		/* of prefix and message */
	uint32_t	hdr_len;	/* with the empty line */
	uint32_t	nfields;
	uint32_t	nparts;
	uint32_t	nrefs;
	struct maildate	sent;		/* t 0 if META_F_NODATE */
	uint64_t	msgid;		/* hashes (meta_hash); 0: none */
	uint64_t	inreplyto;
	uint64_t	subject;	/* of META_BASESUBJ; 0: empty */
	struct span	fields, parts, refs;	/* packed */
};

/* 0, or -1: not a blob of a version known here. */
int	meta_open(struct meta *, const void *, size_t);
/* BODY, made from META_BODYSTRUCTURE; -1 out full or broken blob. */
int	meta_body(const struct meta *, struct buf *out);
/* i-th id of References (or In-Reply-To where there is none), oldest first. */
uint64_t meta_ref(const struct meta *, uint32_t i);
/* Hash of a normalised message id or base subject: stored, so it is fixed
 * for ever and not keyed; never 0.  Equal hashes are taken as equal ids. */
uint64_t meta_hash(struct span);

/* Fields in the order of the message; they lie one after the other from
 * offset 0. */
struct meta_field {
	enum header_id	id;
	uint16_t	hash;	/* low bits of header_name_hash */
	uint32_t	off;
	uint32_t	len;	/* with its line end */
};

struct meta_iter {
	struct span	left;
	uint32_t	off, end;
	uint32_t	n;
};

void	meta_field_first(const struct meta *, struct meta_iter *);
int	meta_field_next(struct meta_iter *, struct meta_field *); /* 1 or 0 */
/*
 * Is it a field of that name?  2 yes; 0 no; 1 maybe: the hash agrees, compare
 * the name in the message.  Compute id and hash of the wanted name once.
 */
static inline int
meta_field_is(const struct meta_field *f, enum header_id id, uint32_t hash)
{
	if (f->id != HEADER_OTHER || id != HEADER_OTHER)
		return f->id == id ? 2 : 0;
	return f->hash == (uint16_t)hash;
}

/* Parts in the order of struct mime; parents before children. */
struct meta_part {
	uint32_t	parent;		/* MIME_NOPARENT for the first */
	uint32_t	number;		/* among its siblings, from 1 */
	enum mime_class	class;
	enum transfer	encoding;
	enum charset	charset;
	uint32_t	hdr_off, hdr_len;	/* with the empty line */
	uint32_t	body_off, body_len;
	uint32_t	lines;
};

/* At most max parts into out; how many.  max == m->nparts gets all. */
uint32_t meta_parts(const struct meta *, struct meta_part *out, uint32_t max);
/*
 * The part that an IMAP section number means ("2.1" is {2, 1}; n == 0 is the
 * message itself).  In a message that is no multipart, 1 is its own body; in
 * message/rfc822 numbers go on inside it.  0, or -1: no such part.
 */
int	meta_part_find(const struct meta *, const uint32_t *path, size_t n,
	    struct meta_part *);
/* For n.HEADER, n.TEXT: the message inside a message/rfc822 part found above
 * (for n == 0 the root itself). */
int	meta_part_message(const struct meta *, const uint32_t *path, size_t n,
	    struct meta_part *);

/* The writer keeps memory between messages. */
struct meta_ctx;

struct meta_ctx	*meta_ctx_new(struct charset_ctx *);	/* borrowed */
void		 meta_ctx_free(struct meta_ctx *);
/*
 * Parse prefix + msg and append the blob to out.  0, or -1 with ENOMEM or
 * EMSGSIZE (out's cap); whatever the message holds is no error.
 */
int		 meta_build(struct meta_ctx *, struct span prefix,
		    struct span msg, struct buf *out);
/* The parsed structure of the last message, until the next one. */
const struct mime *meta_mime(const struct meta_ctx *);

#endif
