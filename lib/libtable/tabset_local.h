/* What tabset.c, tabset_check.c and tabset_pack.c share. */
#ifndef TABSET_LOCAL_H
#define TABSET_LOCAL_H

#include "libtable/tabset.h"

#define TABSET_NOTARGET	UINT32_MAX

struct tabset_chunk {
	struct tabset_chunk	*next;
	size_t			 used;
	char			 data[];
};

struct tabset_domain {
	const char	*name;
	const char	*alias_of;
	const char	*catch_all;
	unsigned	 line;
};

struct tabset_account {
	const char	*name;
	const char	*secret;
	const char	*display;
	uint64_t	 quota_bytes;
	uint64_t	 quota_messages;
	unsigned	 line;
	uint32_t	 order;		/* in the file */
	uint8_t		 disabled;
};

struct tabset_alias {
	const char	*name;
	size_t		 first;		/* members[first .. first + count) */
	uint32_t	 count;
	unsigned	 line;
	uint8_t		 colour;	/* of the search for loops */
};

struct tabset_member {
	const char	*address;	/* local part as written */
	unsigned	 line;
	uint32_t	 target;	/* the alias it is, by number */
	uint8_t		 discard;
	uint8_t		 local;
};

struct tabset {
	char			 subaddress;
	tabset_error		 error;
	void			*arg;
	unsigned		 nerrors;
	int			 nomem;
	enum tabkind		 reading;
	int			 skip;		/* the alias had no good key */
	char			*files[TAB_MAX];
	struct tabset_chunk	*chunks;	/* all strings */
	/* sorted by name from tabset_check on */
	struct tabset_domain	*domains;
	struct tabset_account	*accounts;
	struct tabset_alias	*aliases;
	struct tabset_member	*members;
	size_t			 ndomains;
	size_t			 naccounts;
	size_t			 naliases;
	size_t			 nmembers;
};

void	 tabset_fail(struct tabset *, enum tabkind, unsigned line,
	    const char *word, const char *fmt, ...)
	    __attribute__((__format__ (printf, 5, 6)));

#endif
