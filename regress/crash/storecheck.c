/*
 * storecheck: does the index of a store agree with its segments?
 *
 *	storecheck [-fm] store-directory
 *
 * On a copy, as it changes the directory: opens the store (which recovers),
 * takes a dump, checks every record, removes the index, opens it again (which
 * makes it anew from the segments alone), and compares.  -m prints a line
 * "account mailbox uid message-id" for each message; with -f, flags/keywords
 * before the last, and "account mailbox" for each mailbox.  Ends with a line
 * of name=value; exits 1 when something is wrong.
 */
#include <sys/types.h>

#include <err.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "libstore/mstore.h"

struct text {
	char	*p;
	size_t	 len;
	size_t	 size;
	size_t	 lines;
};

static uint64_t	 nmessages, nunread;
static int	 flags;

static int
text_line(void *arg, const char *line)
{
	struct text	*t = arg;
	size_t		 n = strlen(line);

	if (t->len + n + 2 > t->size) {
		t->size = (t->len + n + 2) * 2;
		if ((t->p = realloc(t->p, t->size)) == NULL)
			err(2, NULL);
	}
	memcpy(t->p + t->len, line, n);
	t->len += n;
	t->p[t->len++] = '\n';
	t->p[t->len] = '\0';
	t->lines++;
	return 0;
}

static struct mstore *
store_open(const char *dir)
{
	struct mstore_conf	 conf = { .dir = dir };
	struct mstore		*ms;
	const char		*why;

	if (mstore_open(&ms, &conf, &why) == -1)
		err(2, "%s: %s", dir, why);
	return ms;
}

/* What is put off until there is time for it, so that both have done it. */
static void
store_work(struct mstore *ms)
{
	int64_t	 now = time(NULL);
	int	 idle;

	/* It looks for a segment once a second, and rests after a failure. */
	for (idle = 0; idle < 3; idle++, now += 60)
		while (mstore_work(ms, now) == 1)
			idle = 0;
}

/* The value of Message-ID in the first bytes of a message. */
static void
print_message_id(struct span s)
{
	static const char	 name[] = "\nMessage-ID: ";
	const char		*p = s.p, *end = s.p + s.len, *nl;

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		if ((size_t)(nl - p) > sizeof(name) &&
		    strncasecmp(p, name + 1, sizeof(name) - 2) == 0) {
			p += sizeof(name) - 2;
			printf("%.*s\n", (int)(nl - p - (nl[-1] == '\r')), p);
			return;
		}
	}
	printf("-\n");
}

static void
list_mailbox(struct mstore *ms, const char *account,
    const struct mstore_listent *ent)
{
	struct mstore_fetch	 f;
	struct mstore_msg	 m;
	struct rseq		 uids;
	struct buf		 page;
	size_t			 off;

	rseq_init(&uids);
	buf_init(&page, 64 << 20);
	if (flags)
		printf("%s %s\n", account, ent->name);
	if (mstore_uids(ms, ent->id, &uids) != MSTORE_OK)
		errx(2, "%s %s: no uids", account, ent->name);
	memset(&f, 0, sizeof(f));
	f.mailbox = ent->id;
	f.uids = &uids;
	f.cols = MSTORE_COL_BODY | MSTORE_COL_FLAGS;
	f.bodylen = 2048;
	while (!f.done) {
		if (mstore_fetch(ms, &f, &page, 1 << 20) != MSTORE_OK)
			errx(2, "%s %s: fetch", account, ent->name);
		off = 0;
		while (mstore_page_next(buf_ptr(&page), page.len, &off,
		    &m) == 1) {
			printf("%s %s %u ", account, ent->name, m.uid);
			if (flags)
				printf("%x/%llx ", m.flags,
				    (unsigned long long)m.keywords);
			nmessages++;
			nunread += m.status & MSTORE_PAGE_BAD;
			print_message_id(m.body);
		}
		buf_truncate(&page, 0);
	}
	buf_free(&page);
	rseq_free(&uids);
}

static void
list_messages(struct mstore *ms)
{
	struct mstore_listent	 ent;
	char			 account[MSTORE_MAXACCOUNT + 1] = "";
	char			 name[MSTORE_MAXNAME + 1];
	uint32_t		 id;

	while (mstore_account_next(ms, span_of(account), &id, account) ==
	    MSTORE_OK) {
		name[0] = '\0';
		while (mstore_list_next(ms, id, span_of(name), &ent) ==
		    MSTORE_OK) {
			strlcpy(name, ent.name, sizeof(name));
			if (ent.id != 0 && !(ent.flags & MSTORE_NOSELECT))
				list_mailbox(ms, account, &ent);
		}
	}
}

static void
remove_tree(const char *dir)
{
	char	*paths[] = { NULL, NULL };
	FTS	*fts;
	FTSENT	*e;

	if ((paths[0] = strdup(dir)) == NULL ||
	    (fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL)) == NULL)
		err(2, "%s", dir);
	while ((e = fts_read(fts)) != NULL)
		if (e->fts_info != FTS_D && remove(e->fts_path) == -1)
			err(2, "%s", e->fts_path);
	fts_close(fts);
	free(paths[0]);
}

/* The first line that is not the same in both, for whoever looks into it. */
static void
show_difference(const char *a, const char *b)
{
	size_t	 n, m;

	while (*a != '\0' || *b != '\0') {
		n = strcspn(a, "\n");
		m = strcspn(b, "\n");
		if (n != m || memcmp(a, b, n) != 0) {
			printf("index: %.*s\nlog:   %.*s\n", (int)n, a, (int)m,
			    b);
			return;
		}
		a += n + (a[n] != '\0');
		b += m + (b[m] != '\0');
	}
}

int
main(int argc, char *argv[])
{
	struct text	 before, after;
	struct mstore	*ms;
	char		 index[4096];
	int64_t		 bad;
	int		 ch, list = 0, same, rebuilt;

	while ((ch = getopt(argc, argv, "fm")) != -1)
		switch (ch) {
		case 'f': flags = 1; break;
		case 'm': list = 1; break;
		default:
			errx(2, "see the top of storecheck.c");
		}
	if (argc - optind != 1)
		errx(2, "one directory, please");
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	ms = store_open(argv[optind]);
	rebuilt = mstore_rebuilt(ms);
	if (list)
		list_messages(ms);
	store_work(ms);
	bad = mstore_fsck(ms, NULL, NULL);
	if (mstore_dump(ms, text_line, &before) != 0)
		errx(2, "dump");
	mstore_close(ms);
	snprintf(index, sizeof(index), "%s/index", argv[optind]);
	remove_tree(index);
	ms = store_open(argv[optind]);
	store_work(ms);
	if (mstore_dump(ms, text_line, &after) != 0)
		errx(2, "dump of the new index");
	mstore_close(ms);
	same = before.len == after.len &&
	    (before.len == 0 || memcmp(before.p, after.p, before.len) == 0);
	if (!same)
		show_difference(before.p, after.p);
	printf("lines=%zu same=%d bad=%lld rebuilt=%d", before.lines, same,
	    (long long)bad, rebuilt);
	if (list)
		printf(" messages=%llu unreadable=%llu",
		    (unsigned long long)nmessages, (unsigned long long)nunread);
	putchar('\n');
	free(before.p);
	free(after.p);
	return !same || bad != 0 || nunread != 0;
}
