/* A search program: parsed, bounded, and decided step by step. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_command.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static enum imap_tri
leaf(const struct imap_search_key *k, void *arg)
{
	static const uint64_t		 kw[1] = { 5 };
	struct imap_search_row		 r;
	const unsigned			*have = arg;
	enum imap_tri			 v;

	assert(k->cost <= *have);
	memset(&r, 0, sizeof(r));
	r.seq = 3;
	r.uid = 30;
	r.maxseq = 5;
	r.maxuid = 50;
	r.keywords = kw;
	r.nkeywords = 3;
	r.flags = IMAP_FLAG_SEEN;
	r.size = 1000;
	r.now = 100000;
	v = imap_search_row(k, &r);
	/* Texts: any answer will do, as long as it is always the same. */
	return v != IMAP_MAYBE ? v : k->text.len % 2 ? IMAP_YES : IMAP_NO;
}

static void
check(const struct imap_search *s)
{
	enum imap_tri	v, last = IMAP_MAYBE;
	enum imap_cost	need;
	unsigned	have;
	uint32_t	i;

	assert(s->nkeys > 1 && s->nkeys <= IMAP_SEARCH_KEYS);
	assert(s->keys[0].end == s->nkeys);
	for (i = 0; i < s->nkeys; i++) {
		assert(s->keys[i].end > i && s->keys[i].end <= s->nkeys);
		assert(s->keys[i].op > IMAP_S_NOT ||
		    s->keys[i].end > i + 1);
	}
	for (have = 0; have < IMAP_COST_MAX; have++) {
		v = imap_search_eval(s, have, leaf, &have, &need);
		/* What was decided stays; what was not names its price. */
		assert(last == IMAP_MAYBE || v == last);
		assert(v != IMAP_MAYBE || need > have);
		last = v;
	}
	assert(last != IMAP_MAYBE);
}

/* The same put into itself, where a filter stands. */
static void
splice(struct imap_command *cmd, struct span text)
{
	struct imap_search	*s = &cmd->u.search, sub;
	uint32_t		 i;

	if (s->charset.p != NULL || s->extended ||
	    imap_search_parse(&cmd->arena, text, &sub) == -1)
		return;
	for (i = 0; i < s->nkeys && s->keys[i].op != IMAP_S_FILTER; i++)
		;
	if (i < s->nkeys &&
	    imap_search_splice(&cmd->arena, s, i, &sub) == 0)
		check(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct imap_command	*cmd;
	char			*line;

	if (len > 20000 || (cmd = imap_command_new(1 << 20)) == NULL)
		return 0;
	if ((line = malloc(len + 11)) == NULL)
		abort();
	memcpy(line, "a SEARCH ", 9);
	if (len > 0)
		memcpy(line + 9, data, len);
	memcpy(line + 9 + len, "\r\n", 2);
	if (imap_command_parse(cmd, (struct span){ line, len + 11 }) ==
	    CODEC_DONE) {
		check(&cmd->u.search);
		splice(cmd, (struct span){ line + 9, len });
		/* A good one has only good beginnings. */
		imap_command_reset(cmd);
		assert(imap_command_parse(cmd, (struct span){ line,
		    9 + (len + 2) * data[len / 2] / 256 }) == CODEC_MORE);
	}
	imap_command_free(cmd);
	free(line);
	return 0;
}
