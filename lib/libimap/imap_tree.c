#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_name.h"
#include "libimap/imap_tree.h"

void
imap_tree_init(struct imap_tree *t)
{
	memset(t, 0, sizeof(*t));
}

void
imap_tree_free(struct imap_tree *t)
{
	free(t->nodes);
	imap_tree_init(t);
}

int
imap_tree_add(struct imap_tree *t, struct span name, int flags, uint32_t use,
    void *arg)
{
	struct imap_tree_node	*nodes;
	uint32_t		 size;

	if (t->n == t->size) {
		if (t->size >= UINT32_MAX / 2) {
			errno = ENOMEM;
			return -1;
		}
		size = t->size == 0 ? 64 : t->size * 2;
		if ((nodes = recallocarray(t->nodes, t->size, size,
		    sizeof(*nodes))) == NULL)
			return -1;
		t->nodes = nodes;
		t->size = size;
	}
	t->nodes[t->n].name = name;
	t->nodes[t->n].use = use;
	t->nodes[t->n].flags = (uint16_t)flags;
	t->nodes[t->n].arg = arg;
	t->n++;
	return 0;
}

static int
node_cmp(const void *a, const void *b)
{
	const struct imap_tree_node	*na = a, *nb = b;

	return imap_name_cmp(na->name, nb->name);
}

/* The same name twice (once existing, once subscribed) becomes one. */
static void
tree_unite(struct imap_tree *t)
{
	struct imap_tree_node	*to, *from;
	uint32_t		 i, n = 0;

	for (i = 0; i < t->n; i++) {
		from = &t->nodes[i];
		if (n > 0 && span_eq(t->nodes[n - 1].name, from->name)) {
			to = &t->nodes[n - 1];
			to->flags |= from->flags;
			to->use |= from->use;
			if (to->arg == NULL)
				to->arg = from->arg;
		} else
			t->nodes[n++] = *from;
	}
	t->n = n;
}

/* Length of the name's parent, 0: it is at the top. */
static size_t
parent_len(struct span name)
{
	size_t	i;

	for (i = name.len; i > 0; i--)
		if (name.p[i - 1] == IMAP_NAME_SEP)
			return i - 1;
	return 0;
}

/* Add the parents that nobody named; sort again if there were some. */
static int
tree_parents(struct imap_tree *t)
{
	struct span	up, before;
	uint32_t	i, n = t->n;

	for (i = 0; i < n; i++) {
		before = i > 0 ? t->nodes[i - 1].name : SPAN_NONE;
		up = t->nodes[i].name;
		/*
		 * Sorted, a parent that is there, or was made for an earlier
		 * name, is the name before this one or a parent of it.
		 */
		while ((up.len = parent_len(up)) > 0) {
			if (span_eq(up, before) || imap_name_below(up, before))
				break;
			if (imap_tree_add(t, up, 0, 0, NULL) == -1)
				return -1;
		}
	}
	if (t->n != n)
		qsort(t->nodes, t->n, sizeof(*t->nodes), node_cmp);
	return 0;
}

static void
tree_link(struct imap_tree *t)
{
	struct imap_tree_node	*n;
	uint32_t		 i, up;

	for (i = 0; i < t->n; i++) {
		n = &t->nodes[i];
		/* The parent is the last name, or one of its parents. */
		up = i == 0 ? UINT32_MAX : i - 1;
		while (up != UINT32_MAX &&
		    !imap_name_below(t->nodes[up].name, n->name))
			up = t->nodes[up].parent;
		n->parent = up;
		n->depth = up == UINT32_MAX ? 0 :
		    (uint16_t)(t->nodes[up].depth + 1);
	}
}

/* Does it meet the selection options, its pattern aside? */
static int
node_selected(const struct imap_tree_node *n, const struct imap_list *l)
{
	if ((l->select & IMAP_LSEL_SUBSCRIBED) != 0 &&
	    (n->flags & IMAP_TREE_SUBSCRIBED) == 0)
		return 0;
	if ((l->select & IMAP_LSEL_USE) != 0 && n->use == 0)
		return 0;
	/* Without SUBSCRIBED only what exists, or holds what exists. */
	if ((l->select & IMAP_LSEL_SUBSCRIBED) == 0 &&
	    (n->flags & IMAP_TREE_EXISTS) == 0)
		return (n->flags & IMAP_TREE_HASCHILDREN) != 0 &&
		    (l->select & IMAP_LSEL_USE) == 0;
	return 1;
}

/* From the last to the first: children have their say before parents. */
static void
tree_children(struct imap_tree *t)
{
	struct imap_tree_node	*n, *up;
	uint32_t		 i;

	for (i = t->n; i-- > 0; ) {
		n = &t->nodes[i];
		if (n->parent == UINT32_MAX)
			continue;
		up = &t->nodes[n->parent];
		if (n->flags & (IMAP_TREE_EXISTS | IMAP_TREE_HASCHILDREN))
			up->flags |= IMAP_TREE_HASCHILDREN;
		if (n->flags & (IMAP_TREE_SUBSCRIBED | IMAP_TREE_SUBCHILD))
			up->flags |= IMAP_TREE_SUBCHILD;
	}
}

/*
 * hidden: something below is selected that the patterns do not show, which
 * RECURSIVEMATCH and LSUB's `%' tell of in the parent.
 */
static void
tree_rows(struct imap_tree *t, const struct imap_list *l,
    const struct imap_match *m, size_t nm, int lsub)
{
	struct imap_tree_node	*n;
	uint32_t		 i;
	int			 match, selected;

	for (i = t->n; i-- > 0; ) {
		n = &t->nodes[i];
		match = (imap_match_any(m, nm, n->name) & IMAP_MATCH_NAME)
		    != 0;
		selected = node_selected(n, l);
		if (match && (selected ||
		    ((lsub || (l->select & IMAP_LSEL_RECURSIVE) != 0) &&
		    (n->flags & IMAP_TREE_CHILDINFO) != 0)))
			n->flags |= IMAP_TREE_ROW;
		if (n->parent != UINT32_MAX && ((selected && !match) ||
		    (n->flags & IMAP_TREE_CHILDINFO) != 0))
			t->nodes[n->parent].flags |= IMAP_TREE_CHILDINFO;
	}
}

int
imap_tree_select(struct imap_tree *t, const struct imap_list *l,
    const struct imap_match *m, size_t nm, int lsub)
{
	if (t->n == 0)
		return 0;
	qsort(t->nodes, t->n, sizeof(*t->nodes), node_cmp);
	tree_unite(t);
	if (tree_parents(t) == -1)
		return -1;
	tree_link(t);
	tree_children(t);
	tree_rows(t, l, m, nm, lsub);
	return 0;
}
