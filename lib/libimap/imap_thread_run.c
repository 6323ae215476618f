#include <stdlib.h>
#include <string.h>

#include "libimap/imap_thread_run.h"

#define NONE		UINT32_MAX
#define STEPS		64	/* up the tree, for each node, in all */

struct node {
	uint64_t	 subject;
	int64_t		 date;
	uint32_t	 num;		/* 0: a dummy */
	uint32_t	 parent;	/* NONE: a root */
	uint32_t	 child, next;	/* after linking: in their order */
	uint8_t		 reply;
	uint8_t		 parented;	/* has children, or had */
	uint8_t		 gone;		/* a dummy that nobody needs */
};

/* Message ids to nodes: open addressing. */
struct slot {
	uint64_t	 id;
	uint32_t	 node;
};

struct imap_threads {
	enum imap_thread_alg alg;
	struct node	*nodes;
	uint32_t	 n, size;
	struct slot	*slots;
	size_t		 nslots, used;
	uint64_t	 steps;		/* budget of the search for loops */
	uint32_t	 root;		/* first of the threads */
	/* what is to be ordered */
	struct key	*keys;
};

struct key {
	int64_t		 date;
	uint64_t	 group;
	uint32_t	 node;
	uint32_t	 num;		/* the mailbox's order */
};

struct imap_threads *
imap_threads_new(enum imap_thread_alg alg)
{
	struct imap_threads	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->alg = alg;
	t->root = NONE;
	return t;
}

void
imap_threads_free(struct imap_threads *t)
{
	if (t == NULL)
		return;
	free(t->nodes);
	free(t->slots);
	free(t->keys);
	free(t);
}

/* ---- nodes and their ids ------------------------------------------------ */

static uint32_t
node_new(struct imap_threads *t)
{
	struct node	*p;
	uint32_t	 size;

	if (t->n == t->size) {
		if (t->size > NONE / 4)
			return NONE;
		size = t->size == 0 ? 256 : 2 * t->size;
		p = reallocarray(t->nodes, size, sizeof(*p));
		if (p == NULL)
			return NONE;
		t->nodes = p;
		t->size = size;
	}
	p = &t->nodes[t->n];
	memset(p, 0, sizeof(*p));
	p->parent = p->child = p->next = NONE;
	t->steps += STEPS;
	return t->n++;
}

/* Where the id is, or would be. */
static struct slot *
slot_of(struct slot *slots, size_t nslots, uint64_t id)
{
	size_t	 i = (id ^ id >> 32) & (nslots - 1);

	while (slots[i].id != 0 && slots[i].id != id)
		i = (i + 1) & (nslots - 1);
	return &slots[i];
}

static int
slots_grow(struct imap_threads *t)
{
	struct slot	*p;
	size_t		 i, n = t->nslots == 0 ? 512 : 2 * t->nslots;

	if ((p = calloc(n, sizeof(*p))) == NULL)
		return -1;
	for (i = 0; i < t->nslots; i++) {
		if (t->slots[i].id != 0)
			*slot_of(p, n, t->slots[i].id) = t->slots[i];
	}
	free(t->slots);
	t->slots = p;
	t->nslots = n;
	return 0;
}

/* The slot of an id that is not 0; new ones have the node NONE. */
static struct slot *
slot_get(struct imap_threads *t, uint64_t id)
{
	struct slot	*s;

	if (2 * t->used >= t->nslots && slots_grow(t) == -1)
		return NULL;
	s = slot_of(t->slots, t->nslots, id);
	if (s->id == 0) {
		s->id = id;
		s->node = NONE;
		t->used++;
	}
	return s;
}

/* The node of an id, made if need be; NONE: ENOMEM. */
static uint32_t
node_of(struct imap_threads *t, uint64_t id)
{
	struct slot	*s;

	if ((s = slot_get(t, id)) == NULL)
		return NONE;
	if (s->node == NONE)
		s->node = node_new(t);
	return s->node;
}

/* ---- REFERENCES, step 1: parents ---------------------------------------- */

/*
 * Is child above parent, or itself?  The walk up has a budget for all messages
 * together; beyond it (nobody's mail comes near) links are not made.
 */
static int
would_loop(struct imap_threads *t, uint32_t parent, uint32_t child)
{
	if (parent == child)
		return 1;
	if (!t->nodes[child].parented)
		return 0;
	for (; parent != NONE; parent = t->nodes[parent].parent) {
		if (parent == child || t->steps == 0)
			return 1;
		t->steps--;
	}
	return 0;
}

static void
link_to(struct imap_threads *t, uint32_t parent, uint32_t child)
{
	if (would_loop(t, parent, child))
		return;
	t->nodes[child].parent = parent;
	t->nodes[parent].parented = 1;
}

/* The chain of references: *last becomes the last one's node.  0 or -1. */
static int
link_refs(struct imap_threads *t, const struct imap_thread_row *r,
    uint32_t *last)
{
	uint32_t	 i, node;

	*last = NONE;
	for (i = 0; i < r->nrefs; i++) {
		if (r->refs[i] == 0)
			continue;
		if ((node = node_of(t, r->refs[i])) == NONE)
			return -1;
		if (*last != NONE && t->nodes[node].parent == NONE)
			link_to(t, *last, node);
		*last = node;
	}
	return 0;
}

/* The message's own node: the first one of an id has it. */
static uint32_t
own_node(struct imap_threads *t, uint64_t id)
{
	struct slot	*s;

	if (id == 0)
		return node_new(t);
	if ((s = slot_get(t, id)) == NULL)
		return NONE;
	if (s->node != NONE && t->nodes[s->node].num != 0)
		return node_new(t);
	if (s->node == NONE)
		s->node = node_new(t);
	return s->node;
}

int
imap_threads_add(struct imap_threads *t, const struct imap_thread_row *r)
{
	struct node	*p;
	uint32_t	 node, last = NONE;
	int		 refs = t->alg != IMAP_THREAD_ORDEREDSUBJECT;

	node = refs ? own_node(t, r->msgid) : node_new(t);
	if (node == NONE)
		return -1;
	p = &t->nodes[node];
	p->num = r->num;
	p->date = r->date;
	p->subject = r->subject;
	p->reply = r->reply != 0;
	if (!refs)
		return 0;
	if (link_refs(t, r, &last) == -1)
		return -1;
	/* What others said of its parent was cut, perhaps: it knows best. */
	if (last != node)
		t->nodes[node].parent = NONE;
	if (last != NONE)
		link_to(t, last, node);
	return 0;
}

/* ---- order -------------------------------------------------------------- */

static int
by_date(const void *va, const void *vb)
{
	const struct key	*a = va, *b = vb;

	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	return a->num < b->num ? -1 : a->num > b->num;
}

static int
by_group(const void *va, const void *vb)
{
	const struct key	*a = va, *b = vb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return by_date(va, vb);
}

static void
key_set(struct imap_threads *t, size_t i, uint32_t node)
{
	t->keys[i].node = node;
	t->keys[i].date = t->nodes[node].date;
	t->keys[i].num = t->nodes[node].num;
	t->keys[i].group = t->nodes[node].subject;
}

/* Before all that are there already. */
static void
push(struct imap_threads *t, uint32_t *list, uint32_t node)
{
	t->nodes[node].next = *list;
	*list = node;
}

/*
 * Make the lists of children and of roots from the parents, each in order of
 * date; a dummy goes by its first child, and all are roots.
 */
static void
relink(struct imap_threads *t)
{
	struct node	*p;
	size_t		 i, n = 0;
	uint32_t	 node;

	t->root = NONE;
	for (node = 0; node < t->n; node++) {
		t->nodes[node].child = t->nodes[node].next = NONE;
		if (t->nodes[node].num != 0)
			key_set(t, n++, node);
	}
	qsort(t->keys, n, sizeof(*t->keys), by_date);
	for (i = n; i-- > 0; ) {
		p = &t->nodes[t->keys[i].node];
		if (p->parent != NONE)
			push(t, &t->nodes[p->parent].child, t->keys[i].node);
	}
	for (n = 0, node = 0; node < t->n; node++) {
		p = &t->nodes[node];
		if (p->gone || p->parent != NONE)
			continue;
		key_set(t, n, node);
		if (p->num == 0) {
			key_set(t, n, p->child);
			t->keys[n].node = node;
		}
		n++;
	}
	qsort(t->keys, n, sizeof(*t->keys), by_date);
	for (i = n; i-- > 0; )
		push(t, &t->root, t->keys[i].node);
}

/* ---- REFERENCES, steps 2 to 6 ------------------------------------------- */

/*
 * Step 3: what a message hangs on in truth, the nearest message above it or
 * else the topmost dummy.  The dummies on the way learn it too.
 */
static uint32_t
real_parent(struct imap_threads *t, uint32_t node)
{
	uint32_t	 top = t->nodes[node].parent, next;

	if (top == NONE)
		return NONE;
	while (t->nodes[top].num == 0 && t->nodes[top].parent != NONE)
		top = t->nodes[top].parent;
	for (node = t->nodes[node].parent; node != top; node = next) {
		next = t->nodes[node].parent;
		t->nodes[node].parent = top;
	}
	return top;
}

static void
prune(struct imap_threads *t)
{
	struct node	*p;
	uint32_t	 i, *only;

	for (i = 0; i < t->n; i++) {
		if (t->nodes[i].num != 0)
			t->nodes[i].parent = real_parent(t, i);
	}
	/* How many are below each dummy: child is the first, next a second. */
	for (i = 0; i < t->n; i++) {
		p = &t->nodes[i];
		if (p->num == 0 || p->parent == NONE ||
		    t->nodes[p->parent].num != 0)
			continue;
		only = &t->nodes[p->parent].child;
		if (*only == NONE)
			*only = i;
		else
			t->nodes[p->parent].next = i;
	}
	for (i = 0; i < t->n; i++) {
		p = &t->nodes[i];
		if (p->num != 0 || p->next != NONE)
			continue;
		p->gone = 1;
		if (p->child != NONE)
			t->nodes[p->child].parent = NONE;
	}
}

/* The message that speaks for a thread: a dummy's first child. */
static const struct node *
speaker(const struct imap_threads *t, uint32_t node)
{
	const struct node	*p = &t->nodes[node];

	return p->num != 0 ? p : &t->nodes[p->child];
}

static void
adopt(struct imap_threads *t, uint32_t parent, uint32_t child)
{
	t->nodes[child].parent = parent;
}

/* Step 5.C: b's thread has the subject of a's, which is in the table. */
static int
merge(struct imap_threads *t, struct slot *s, uint32_t b)
{
	uint32_t	 a = s->node, i, next, dummy;
	int		 adummy = t->nodes[a].num == 0;
	int		 bdummy = t->nodes[b].num == 0;

	if (adummy && bdummy) {
		for (i = t->nodes[b].child; i != NONE; i = next) {
			next = t->nodes[i].next;
			adopt(t, a, i);
		}
		t->nodes[b].gone = 1;
	} else if (adummy || (!bdummy && t->nodes[b].reply &&
	    !t->nodes[a].reply))
		adopt(t, a, b);
	else {
		if ((dummy = node_new(t)) == NONE)
			return -1;
		t->nodes[dummy].child = a;
		adopt(t, dummy, a);
		adopt(t, dummy, b);
		s->node = dummy;
	}
	return 0;
}

/* Step 5: threads of one subject become one. */
static int
gather(struct imap_threads *t)
{
	const struct node	*who;
	struct slot		*s;
	uint32_t		 node, next;

	memset(t->slots, 0, t->nslots * sizeof(*t->slots));
	t->used = 0;
	for (node = t->root; node != NONE; node = t->nodes[node].next) {
		who = speaker(t, node);
		if (who->subject == 0)
			continue;
		if ((s = slot_get(t, who->subject)) == NULL)
			return -1;
		if (s->node == NONE || (t->nodes[s->node].num != 0 &&
		    (t->nodes[node].num == 0 ||
		    (t->nodes[s->node].reply && !t->nodes[node].reply))))
			s->node = node;
	}
	for (node = t->root; node != NONE; node = next) {
		next = t->nodes[node].next;
		who = speaker(t, node);
		if (who->subject == 0)
			continue;
		if ((s = slot_get(t, who->subject)) == NULL)
			return -1;
		if (s->node != node && merge(t, s, node) == -1)
			return -1;
	}
	return 0;
}

/* REFS: the thread that was written to last comes last. */
static void
order_by_newest(struct imap_threads *t)
{
	size_t		 i, n = 0;
	uint32_t	 node, top;
	struct node	*p;

	/* `subject' is not needed any more: each root's newest date. */
	for (node = 0; node < t->n; node++)
		t->nodes[node].subject = 0;
	for (node = t->root; node != NONE; node = t->nodes[node].next)
		key_set(t, n++, node);
	for (i = 0; i < n; i++) {
		top = t->keys[i].node;
		t->keys[i].num = speaker(t, top)->num;
		t->keys[i].date = speaker(t, top)->date;
		node = top;
		/* In pre-order through what hangs on it. */
		for (;;) {
			p = &t->nodes[node];
			if (p->num != 0 && p->date > t->keys[i].date)
				t->keys[i].date = p->date;
			if (p->child != NONE) {
				node = p->child;
				continue;
			}
			while (node != top && t->nodes[node].next == NONE)
				node = t->nodes[node].parent;
			if (node == top)
				break;
			node = t->nodes[node].next;
		}
	}
	qsort(t->keys, n, sizeof(*t->keys), by_date);
	t->root = NONE;
	for (i = n; i-- > 0; )
		push(t, &t->root, t->keys[i].node);
}

/* ---- the two ways ------------------------------------------------------- */

/* Each subject is a thread: its first message, with all others below it. */
static void
by_subject(struct imap_threads *t)
{
	uint32_t	 i, first = NONE;

	for (i = 0; i < t->n; i++)
		key_set(t, i, i);
	qsort(t->keys, t->n, sizeof(*t->keys), by_group);
	for (i = 0; i < t->n; i++) {
		if (first != NONE && t->keys[i].group == t->keys[i - 1].group)
			t->nodes[t->keys[i].node].parent = first;
		else
			first = t->keys[i].node;
	}
	relink(t);
}

int
imap_threads_end(struct imap_threads *t)
{
	/* Merging makes no more dummies than there are messages. */
	t->keys = reallocarray(NULL, 2 * (size_t)t->n + 1, sizeof(*t->keys));
	if (t->keys == NULL)
		return -1;
	if (t->alg == IMAP_THREAD_ORDEREDSUBJECT) {
		by_subject(t);
		return 0;
	}
	prune(t);
	relink(t);
	if (t->alg == IMAP_THREAD_REFS) {
		order_by_newest(t);
		return 0;
	}
	if (t->nslots > 0 || slots_grow(t) == 0) {
		if (gather(t) == -1)
			return -1;
		relink(t);
		return 0;
	}
	return -1;
}

/* ---- writing ------------------------------------------------------------ */

static void
begin_node(struct imap_out *o, const struct node *p)
{
	if (p->num != 0)
		imap_out_num(o, p->num);
	if (p->num != 0 && p->child != NONE)
		imap_out_str(o, " ");
}

void
imap_threads_write(const struct imap_threads *t, struct imap_out *o)
{
	const struct node	*nodes = t->nodes;
	uint32_t		 node = t->root, up;

	if (node != NONE)
		imap_out_str(o, "(");
	while (node != NONE) {
		begin_node(o, &nodes[node]);
		if (nodes[node].child != NONE) {
			node = nodes[node].child;
			/* An only child needs no parentheses of its own. */
			if (nodes[node].next != NONE)
				imap_out_str(o, "(");
			continue;
		}
		/* Up to where there is a sibling. */
		for (;;) {
			up = nodes[node].parent;
			if (up == NONE || nodes[nodes[up].child].next != NONE)
				imap_out_str(o, ")");
			if (nodes[node].next != NONE) {
				node = nodes[node].next;
				imap_out_str(o, "(");
				break;
			}
			if ((node = up) == NONE)
				break;
		}
	}
}
