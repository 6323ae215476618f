/*
 * The judge of shared mailboxes: what may an account do in one (RFC 4314)?
 * Groups are the addresses of the aliases table, their members accounts, also
 * by way of other aliases.
 */
#ifndef SRIGHTS_H
#define SRIGHTS_H

#include "libstore/mstore.h"
#include "rights.h"
#include "sgrant.h"

struct conf;

/* The tables as they are now. */
void		 srights_conf(const struct conf *);
/* Something was said about rights: what is remembered is old. */
void		 srights_changed(void);

/* RIGHT_* of the grant's account in the mailbox. */
uint16_t	 srights_of(struct sgrant *, const struct mstore_mailbox *);
/* What of flags and keywords he may change with them, and whose \Seen it is. */
struct mstore_who srights_who(const struct sgrant *, uint16_t rights);
/* The quota that counts in a mailbox: that of its owner. */
struct mstore_quota srights_limit(const struct sgrant *, uint32_t account);

/*
 * An identifier as the client has it ("-team@x") to the name of the entry
 * ("acl/-g/team@x").  0, or -1: it is nobody's.
 */
int		 srights_entry(struct span ident,
		    char dst[MSTORE_MAXNAME + 1]);
/* And back; p NULL: no entry.  It points into entry, but for the sign. */
struct span	 srights_ident(struct span entry, int *negative);

/*
 * A name of the client to its owner and its name there; 0, or -1: there is no
 * such account, or the name is of the place where the others are.
 */
int		 srights_name(const struct sgrant *, struct span name,
		    uint32_t *account, struct span *rest);
/* Of another's mailbox, as the client knows it.  -1: too long. */
int		 srights_fullname(const struct mstore_mailbox *,
		    char dst[MSTORE_MAXNAME + 1]);
/*
 * The mailbox of that name.  ST_OK, ST_NONEXISTENT (also where he has no right
 * to know), or ST_DENIED: it is not all of need.
 */
enum msg_st	 srights_find(struct sgrant *, const char *name, uint16_t need,
		    struct mstore_mailbox *, uint16_t *rights);
/* May he make a mailbox of that name? */
enum msg_st	 srights_create(struct sgrant *, uint32_t account,
		    struct span rest);

/* Each mailbox of others that is in his list, once; until fn is not 0. */
int		 srights_others(struct sgrant *,
		    int (*fn)(const struct mstore_mailbox *, uint16_t rights,
		    void *), void *);

#endif
