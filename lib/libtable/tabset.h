/*
 * The tables of a site: domains, accounts and aliases, read from their texts,
 * checked against one another and packed for table.h.
 */
#ifndef TABSET_H
#define TABSET_H

#include <stddef.h>
#include <stdint.h>

#include "libtable/tabtext.h"

#define TABSET_ERRORS	50	/* reported, then one last line says so */
#define TABSET_MEMBERS	1000	/* of one alias */
#define TABSET_DEPTH	32	/* of aliases within aliases */

struct tabset;

/* file is the name that was given with the text. */
typedef void (*tabset_error)(const char *file, unsigned line,
    const char *word, const char *text, void *arg);

/* subaddress: '+', or 0 when the site has none.  NULL: ENOMEM. */
struct tabset	*tabset_new(char subaddress, tabset_error, void *arg);
void		 tabset_free(struct tabset *);

/*
 * Read one whole file; kind is TAB_DOMAINS, TAB_ACCOUNTS or TAB_ALIASES.  The
 * text may be freed afterwards.  0, or -1: errors were reported.
 */
int		 tabset_add(struct tabset *, enum tabkind, const char *file,
		    const char *text, size_t len);
/*
 * After the last file: duplicates, accounts and aliases of domains that are
 * not ours, members that do not exist, loops.  0, or -1: reported.
 */
int		 tabset_check(struct tabset *);
/* After a good check: the packed table, malloc'ed.  0, or -1 with ENOMEM. */
int		 tabset_pack(const struct tabset *, enum tabkind,
		    uint8_t **data, size_t *len);
size_t		 tabset_count(const struct tabset *, enum tabkind);

#endif
