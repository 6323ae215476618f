/*
 * Changes to a table's text that leave every other line, comment and the
 * order as they are.  Text in, text out; the result is not checked here.
 */
#ifndef TABEDIT_H
#define TABEDIT_H

#include <stddef.h>

#include "libtable/tabtext.h"
#include "libutil/buf.h"

/*
 * All: out receives the new text (it should be empty).  0, or -1 with errno:
 * EEXIST, ENOENT: there is, is not such an entry; EINVAL: the key or the line
 * is not well formed, or the text has a bad line near it; ENOMEM, EMSGSIZE.
 */

/* line is a whole entry without a newline; it goes to the end. */
int	tabedit_add(enum tabkind, const char *text, size_t len,
	    const char *line, struct buf *out);
int	tabedit_remove(enum tabkind, const char *text, size_t len,
	    const char *key, struct buf *out);
/* The entry of that line's key is replaced, or added when there is none. */
int	tabedit_put(enum tabkind, const char *text, size_t len,
	    const char *line, struct buf *out);
/* An account's secret; its options stay. */
int	tabedit_secret(const char *text, size_t len, const char *account,
	    const char *secret, struct buf *out);
/* A member more; the alias is made when there is none. */
int	tabedit_member_add(const char *text, size_t len, const char *alias,
	    const char *member, struct buf *out);
/* A member less; with the last one the alias goes. */
int	tabedit_member_remove(const char *text, size_t len, const char *alias,
	    const char *member, struct buf *out);

#endif
