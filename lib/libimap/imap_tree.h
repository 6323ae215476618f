/*
 * What LIST and LSUB answer: from the mailboxes that there are to the rows,
 * with the parents that do not exist and the children that were not asked for
 * (RFC 5258 3-5, RFC 3501 6.3.9).
 */
#ifndef IMAP_TREE_H
#define IMAP_TREE_H

#include <stdint.h>

#include "libimap/imap_list.h"
#include "libimap/imap_match.h"
#include "libutil/span.h"

/* Given for each mailbox. */
#define IMAP_TREE_EXISTS	0x01
#define IMAP_TREE_SUBSCRIBED	0x02	/* also without EXISTS */
#define IMAP_TREE_NOSELECT	0x04
#define IMAP_TREE_NOINFERIORS	0x08
/* Worked out. */
#define IMAP_TREE_HASCHILDREN	0x10
#define IMAP_TREE_CHILDINFO	0x20	/* ("CHILDINFO" ("SUBSCRIBED")) */
#define IMAP_TREE_ROW		0x40	/* belongs into the answer */
#define IMAP_TREE_SUBCHILD	0x80	/* some child is subscribed */

struct imap_tree_node {
	struct span	 name;		/* inner form */
	uint32_t	 use;		/* IMAP_USE_* */
	uint32_t	 parent;	/* index, UINT32_MAX at the top */
	uint16_t	 flags;
	uint16_t	 depth;
	void		*arg;		/* the caller's; NULL: made-up parent */
};

struct imap_tree {
	struct imap_tree_node	*nodes;
	uint32_t		 n;
	uint32_t		 size;
};

void	imap_tree_init(struct imap_tree *);
void	imap_tree_free(struct imap_tree *);
/* In any order; names are borrowed.  0, or -1 ENOMEM. */
int	imap_tree_add(struct imap_tree *, struct span name, int flags,
	    uint32_t use, void *arg);
/*
 * Sort, make up parents, and mark with IMAP_TREE_ROW what the command's
 * options and patterns select.  lsub: by the rules of LSUB, where \NoSelect
 * marks a parent that is not subscribed.  0, or -1 ENOMEM.
 */
int	imap_tree_select(struct imap_tree *, const struct imap_list *,
	    const struct imap_match *, size_t nmatch, int lsub);

#endif
