/*
 * Changes to the site's tables: under a lock, on the whole text, checked with
 * the other tables before anything is replaced, and then replaced at once.
 */
#ifndef EDIT_H
#define EDIT_H

#include <stddef.h>

#include "libtable/tabtext.h"
#include "libutil/buf.h"
#include "site.h"

/* text to out, as in libtable/tabedit.h: 0, or -1 with errno. */
typedef int (*edit_fn)(const char *text, size_t len, struct buf *out,
    void *arg);

/*
 * 0, or -1 and lines of what is wrong in errors.  -1 with errno set to EEXIST
 * or ENOENT and no lines: fn said so.
 */
int	edit_table(const struct site *, enum tabkind, edit_fn, void *arg,
	    struct buf *errors);
/*
 * The whole file, to be freed with edit_free; a missing one is empty text.
 * NULL with errno.
 */
char	*edit_read(const char *path, size_t *len);
void	 edit_free(char *text, size_t len);

#endif
