/*
 * Where a site keeps its things, as maild.conf(5) says.  Only the few
 * statements that mailctl needs are read, and the rest may be as wrong as it
 * likes: tables must be mendable when maild refuses to start.
 */
#ifndef SITE_H
#define SITE_H

#include "libtable/tabtext.h"

struct site {
	char	*file;			/* the configuration; NULL: none */
	char	*hostname;
	char	*tables[TAB_MAX];	/* TAB_DOMAINS, ACCOUNTS, ALIASES */
	char	*control;		/* sockets */
	char	*local;
	char	*imap;
	char	*store;			/* directories */
	char	*spool;
	char	 subaddress;		/* or 0 */
	int	 error;			/* errno of reading the file, or 0 */
};

/*
 * file NULL: the usual one below prefix (which may be NULL).  macros are
 * name=value.  NULL: no memory.  When the file cannot be read, error is set
 * and everything has its default.
 */
struct site	*site_new(const char *file, const char *prefix,
		    char *const *macros, unsigned nmacros);
void		 site_free(struct site *);

#endif
