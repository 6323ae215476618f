/*
 * An open hash of pointers, keyed by bytes that the entry itself holds.
 * SipHash with a random key: outsiders choose many of the keys.
 */
#ifndef HASHTAB_H
#define HASHTAB_H

#include <stddef.h>
#include <stdint.h>

/* Where an entry keeps its key. */
typedef const void *(*hashtab_key)(const void *entry, size_t *len);

struct hashtab {
	void		**slots;
	size_t		  nslots;
	size_t		  count;
	size_t		  used;		/* with tombstones */
	hashtab_key	  key;
};

void	 hashtab_init(struct hashtab *, hashtab_key);
void	 hashtab_free(struct hashtab *);	/* not the entries */
/* 0, or -1 with ENOMEM or EEXIST. */
int	 hashtab_insert(struct hashtab *, void *entry);
void	*hashtab_find(const struct hashtab *, const void *key, size_t len);
void	*hashtab_remove(struct hashtab *, const void *key, size_t len);
/* Walk in no order: start with *iter 0; NULL at the end.  The entry that was
 * just returned may be removed; nothing may be inserted. */
void	*hashtab_next(const struct hashtab *, size_t *iter);

uint64_t hash_bytes(const void *, size_t);	/* SipHash-2-4, process key */
/* The same with a key of one's own, for what must come out alike later. */
uint64_t siphash24(const uint64_t key[2], const void *, size_t);

#endif
