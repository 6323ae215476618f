/* What the smaller commands ask for. */
#ifndef IMAP_ARGS_H
#define IMAP_ARGS_H

#include <stdint.h>

#include "libimap/imap_flags.h"
#include "libimap/imap_fetch.h"
#include "libimap/imap_search.h"
#include "libimap/imap_seqset.h"

#define IMAP_WORDS_MAX	1000	/* elements of a list below */

struct imap_words {
	struct span	*v;
	uint32_t	 n;
};

/* Pairs; val.p is NULL for NIL. */
struct imap_pair {
	struct span	 key, val;
	int		 binary;	/* val came as literal8 */
};

struct imap_login {
	struct span	 user, pass;
};

struct imap_authenticate {
	struct span	 mech;
	struct span	 initial;	/* base64; "=" (empty) has len 0 */
	uint8_t		 has_initial;
};

#define IMAP_EN_CONDSTORE	0x01
#define IMAP_EN_QRESYNC		0x02
#define IMAP_EN_UTF8		0x04	/* UTF8=ACCEPT */
#define IMAP_EN_REV2		0x08	/* IMAP4rev2 */
#define IMAP_EN_UIDONLY		0x10

struct imap_enable {
	uint32_t	 bits;		/* IMAP_EN_*; unknown words are none */
};

struct imap_id {
	struct imap_pair *pairs;
	uint32_t	 n;
};

struct imap_select {
	struct span	 mailbox;
	uint8_t		 condstore;
	uint8_t		 qresync;
	uint32_t	 uidvalidity;
	uint64_t	 modseq;
	struct imap_seqset known;	/* n 0: not given */
	struct imap_seqset match_seqs;	/* seq-match-data, or n 0 */
	struct imap_seqset match_uids;
};

struct imap_create {
	struct span	 mailbox;
	uint32_t	 use;		/* IMAP_USE_* */
	uint8_t		 use_unknown;	/* NO [USEATTR] */
};

struct imap_rename {
	struct span	 from, to;
};

enum imap_store_op { IMAP_STORE_SET, IMAP_STORE_ADD, IMAP_STORE_DEL };

struct imap_store {
	struct imap_seqset set;
	uint8_t		 op;
	uint8_t		 silent;
	uint8_t		 unchanged;	/* UNCHANGEDSINCE was given */
	uint64_t	 unchangedsince;
	struct imap_flags flags;
};

struct imap_copy {
	struct imap_seqset set;
	struct span	 mailbox;
};

/* GETACL, DELETEACL, LISTRIGHTS, SETACL, MYRIGHTS */
struct imap_acl {
	struct span	 mailbox, identifier, rights;
	char		 mod;		/* '+', '-' or 0: replace */
};

struct imap_quota_limit {
	struct span	 resource;
	uint64_t	 limit;
};

struct imap_setquota {
	struct span	 root;
	struct imap_quota_limit *limits;
	uint32_t	 n;
};

struct imap_getmetadata {
	struct span	 mailbox;	/* "" is the server */
	struct imap_words entries;
	uint8_t		 has_maxsize;
	uint32_t	 maxsize;
	int		 depth;		/* 0, 1, -1: infinity */
};

struct imap_setmetadata {
	struct span	 mailbox;
	struct imap_pair *entries;
	uint32_t	 n;
};

struct imap_uidbatches {
	uint32_t	 size;
	uint32_t	 first, last;	/* 0: all */
};

/* RFC 4467: pairs of url and mechanism; RFC 5524: val as given. */
struct imap_urls {
	struct imap_pair *pairs;
	uint32_t	 n;
};

/* Which mailboxes (RFC 5465 filter-mailboxes, RFC 7377 source). */
enum imap_mboxes_kind {
	IMAP_MB_SELECTED, IMAP_MB_SELECTED_DELAYED, IMAP_MB_INBOXES,
	IMAP_MB_PERSONAL, IMAP_MB_SUBSCRIBED, IMAP_MB_SUBTREE,
	IMAP_MB_SUBTREE_ONE, IMAP_MB_MAILBOXES
};

struct imap_mboxes {
	uint8_t		 kind;
	struct imap_words names;	/* SUBTREE, SUBTREE_ONE, MAILBOXES */
};

#define IMAP_NE_MESSAGENEW	0x01
#define IMAP_NE_EXPUNGE		0x02
#define IMAP_NE_FLAGCHANGE	0x04
#define IMAP_NE_ANNOTATION	0x08
#define IMAP_NE_MAILBOXNAME	0x10
#define IMAP_NE_SUBSCRIPTION	0x20
#define IMAP_NE_MBOXMETADATA	0x40
#define IMAP_NE_SERVERMETADATA	0x80

struct imap_notify_group {
	struct imap_mboxes which;
	uint32_t	 events;	/* 0: NONE */
	uint8_t		 unknown;	/* an event unknown here was named */
	struct imap_fetch *attrs;	/* MessageNew's, or NULL */
};

struct imap_notify {
	uint8_t		 none;
	uint8_t		 status;
	struct imap_notify_group *groups;
	uint32_t	 n;
};

/* ESEARCH, the command (RFC 7377). */
struct imap_esearch {
	struct imap_mboxes *sources;	/* none: the selected mailbox */
	uint32_t	 nsources;
	struct imap_search search;
};

/* " one-or-more" names as NOTIFY and ESEARCH spell them. */
int	imap_lex_mboxes(struct imap_lexer *, struct imap_mboxes *);

#endif
