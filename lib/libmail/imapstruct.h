/*
 * ENVELOPE, BODY and BODYSTRUCTURE as IMAP spells them (RFC 3501 7.4.2, RFC
 * 9051 7.5.2), byte for byte what Dovecot 2.3 answers on well-formed mail.
 * Text with 8-bit bytes, many quotes or folds goes out as a literal.
 */
#ifndef IMAPSTRUCT_H
#define IMAPSTRUCT_H

#include "libmail/mime.h"
#include "libutil/buf.h"
#include "libutil/span.h"

/* All: 0, or -1 when out is full or ENOMEM.  With the parentheses. */
int	imapstruct_envelope(const struct envelope *, struct buf *out);
/* ext: BODYSTRUCTURE, else BODY. */
int	imapstruct_body(const struct mime *, int ext, struct buf *out);
/*
 * BODY from a rendered BODYSTRUCTURE, which is smaller to keep one of.  -1
 * also when the text is not one (a broken blob).
 */
int	imapstruct_body_from_ext(struct span bodystructure, struct buf *out);

/* A string: quoted when it can be, else a literal; NIL for p NULL. */
int	imapstruct_nstring(struct span, struct buf *out);
/* The same for display text: white space runs become one space. */
int	imapstruct_text(struct span, struct buf *out);

/*
 * Walk over rendered text: next element of a list.  kind `(' for a list (val
 * is its inside), `"' for a string (raw inside of the quotes, see esc), `{'
 * for a literal's bytes, `n' for NIL, `a' for a number or other atom.
 */
struct imapstruct_elem {
	int		kind;
	int		esc;	/* `"' with backslashes in it */
	struct span	val;
	struct span	raw;	/* as it stands */
};
/* 1; 0 at the end; -1 malformed.  in is moved on. */
int	imapstruct_next(struct span *in, struct imapstruct_elem *);

#endif
