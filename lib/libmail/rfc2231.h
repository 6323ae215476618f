/*
 * Parameters of Content-Type and Content-Disposition (RFC 2045 5.1, 2231),
 * sloppy ones too.
 */
#ifndef RFC2231_H
#define RFC2231_H

#include <stddef.h>

#include "libmail/arena.h"
#include "libmail/charset.h"
#include "libutil/buf.h"
#include "libutil/span.h"

#define RFC2231_MAXPARAMS	64

/*
 * As BODYSTRUCTURE shows them: continuations are joined, and a parameter with
 * an extended part keeps the name "x*" and its charset''%xx value.
 */
struct param {
	struct span	name;
	struct span	value;
};

struct params {
	struct param	*v;
	size_t		 n;
	size_t		 cap;
};

/* From the first `;' on.  0, or -1 with ENOMEM; broken text is no error. */
int	rfc2231_parse(struct arena *, struct span, struct params *);
/* Raw value of `name', p NULL if there is none. */
struct span rfc2231_get(const struct params *, const char *name);
/* Value as UTF-8 text: `name*' decoded, else encoded words in `name'.
 * 1 found, 0 there is none, -1 out is full or ENOMEM. */
int	rfc2231_decode(struct charset_ctx *, const struct params *,
	    const char *name, struct buf *out);

#endif
