/*
 * A packed table (tabset_pack): one read-only stretch of memory, found in by
 * binary search, with no memory of its own.  Whatever the bytes are, nothing
 * outside of them is read.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "libtable/tabtext.h"
#include "libutil/span.h"

#define TABLE_NONE	UINT32_MAX

/* data stays the caller's.  All zero is an empty table. */
struct table {
	const uint8_t	*data;
	size_t		 len;
	uint32_t	 count;
	uint32_t	 first;		/* accounts: the first in the file */
};

/* Names are canonical (taddr.h); spans point into the table. */
struct table_domain {
	struct span	name;
	struct span	alias_of;	/* or empty */
	struct span	catch_all;	/* or empty */
};

struct table_account {
	struct span	name;
	struct span	display;
	uint64_t	quota_bytes;	/* 0 none, TABTEXT_DEFAULT not given */
	uint64_t	quota_messages;
	uint8_t		disabled;
	uint8_t		login;		/* has a secret */
};

enum table_memberkind { MEMBER_ADDRESS, MEMBER_DISCARD };

struct table_alias {
	struct span	name;		/* a@d, "@d" (catch-all) or "a" */
	uint32_t	nmembers;
	const uint8_t	*next;		/* table_member */
	size_t		 left;
};

struct table_member {
	enum table_memberkind kind;
	struct span	address;
};

/* -1: not a packed table of that kind.  len 0 is an empty one. */
int		 table_open(struct table *, enum tabkind, const void *data,
		    size_t len);
/* The number of the entry, or TABLE_NONE.  The key must be canonical. */
uint32_t	 table_find(const struct table *, const char *key, size_t len);
/* Entry i < count, in the order of names.  -1: damaged. */
int		 table_domain_get(const struct table *, uint32_t i,
		    struct table_domain *);
int		 table_account_get(const struct table *, uint32_t i,
		    struct table_account *);
int		 table_alias_get(const struct table *, uint32_t i,
		    struct table_alias *);
/* 1 a member, 0 that was the last, -1 damaged. */
int		 table_member(struct table_alias *, struct table_member *);
/* The secret's text, terminated, into TABTEXT_SECRET + 1 bytes; -1: none. */
int		 table_secret_get(const struct table *, uint32_t i, char *dst);

/* find and get in one; 1 found, 0 not, -1 damaged. */
int		 table_domain_find(const struct table *, const char *,
		    struct table_domain *);
int		 table_account_find(const struct table *, const char *,
		    struct table_account *);

#endif
