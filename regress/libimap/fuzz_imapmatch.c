/* "pattern NUL name NUL name ...": against the plain definition, and LIST. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_match.h"
#include "libimap/imap_name.h"
#include "libimap/imap_tree.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Dynamic programming over (pattern, name), one row at a time. */
static int
by_table(struct span p, struct span s)
{
	static uint8_t	row[2048], next[2048];
	size_t		i, j;

	memset(row, 0, sizeof(row));
	row[0] = 1;
	for (i = 0; i < p.len; i++) {
		memset(next, 0, s.len + 1);
		for (j = 0; j <= s.len; j++) {
			if (p.p[i] == '*' || p.p[i] == '%')
				next[j] = row[j] || (j > 0 && next[j - 1] &&
				    (p.p[i] == '*' || s.p[j - 1] != '/'));
			else
				next[j] = j > 0 && row[j - 1] &&
				    s.p[j - 1] == p.p[i];
		}
		memcpy(row, next, s.len + 1);
	}
	return row[s.len];
}

static void
check_tree(struct imap_tree *t)
{
	struct imap_tree_node	*n;
	uint32_t		 i;

	for (i = 0; i < t->n; i++) {
		n = &t->nodes[i];
		assert(i == 0 || imap_name_cmp(t->nodes[i - 1].name,
		    n->name) < 0);
		if (n->parent == UINT32_MAX) {
			assert(n->depth == 0);
			continue;
		}
		assert(n->parent < i);
		assert(n->depth == t->nodes[n->parent].depth + 1);
		assert(imap_name_below(t->nodes[n->parent].name, n->name));
		/* Names are proper: one part more than the parent. */
		assert(memchr(n->name.p + t->nodes[n->parent].name.len + 1,
		    '/', n->name.len - t->nodes[n->parent].name.len - 1) ==
		    NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t	select[] = { 0, 1, 5, 8, 12 };
	struct imap_list	l;
	struct imap_match	m;
	struct imap_tree	t;
	struct span		pat = { (const char *)data, 0 }, s;
	const char		*p, *end = (const char *)data + len;
	int			r;

	if (len > 1500)
		return 0;
	while (pat.len < len && data[pat.len] != 0)
		pat.len++;
	if (imap_match_init(&m, pat) == -1)
		return 0;
	imap_tree_init(&t);
	for (p = pat.p + pat.len; p < end; p += s.len) {
		s.p = ++p;
		for (s.len = 0; p + s.len < end && p[s.len] != '\0'; )
			s.len++;
		r = imap_match(&m, s);
		assert(((r & IMAP_MATCH_NAME) != 0) == by_table(pat, s));
		if (imap_name_check(s, 0) == NULL)
			imap_tree_add(&t, s, 1 + (int)s.len % 3, s.len % 5 == 0,
			    NULL);
	}
	memset(&l, 0, sizeof(l));
	l.select = select[pat.len % 5];
	if (imap_tree_select(&t, &l, &m, 1, pat.len % 2) == 0)
		check_tree(&t);
	imap_tree_free(&t);
	imap_match_free(&m);
	return 0;
}
