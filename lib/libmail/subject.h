/* Base subject (RFC 5256 2.1) and message ids, for SORT and THREAD. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "libutil/buf.h"
#include "libutil/span.h"

/*
 * The base of a decoded UTF-8 subject, as a stretch of it after white space
 * runs were made one space (which the caller has done: encword_decode and
 * subject_squeeze).  *reply set when it was a reply or a forward.
 */
struct span	subject_base(struct span, int *reply);
/* White space runs to one space, none at the ends; in place; new length. */
size_t		subject_squeeze(char *, size_t);

/*
 * Next message id of a field's value, normalised (RFC 5256 3.: quotes and
 * white space taken away), appended to out without <>.  in is moved on.
 * 1; 0 there is none any more; -1 out is full or ENOMEM.
 */
int		msgid_next(struct span *in, struct buf *out);

#endif
