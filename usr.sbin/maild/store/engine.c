#include <time.h>

#include "conf.h"
#include "engine.h"
#include "libmail/brief.h"
#include "libutil/log.h"
#include "proc.h"
#include "watch.h"

static struct mstore	*ms;

/* ---- briefs: what these are, libmail knows ------------------------------ */

static size_t
brief_need(int n, struct span meta)
{
	struct meta	 m;

	if (n != BRIEF_FIELDS)
		return 0;
	/* Most headers are shorter. */
	if (meta.p == NULL || meta_open(&m, meta.p, meta.len) == -1)
		return 4096;
	return m.hdr_len < BRIEF_HEADER ? m.hdr_len : BRIEF_HEADER;
}

/* A meta that is none makes an empty brief, of which imap says the same. */
static int
brief_make(int n, struct span meta, struct span head, struct buf *out)
{
	struct meta	 m;

	if (meta_open(&m, meta.p, meta.len) == -1)
		return 0;
	if (n == BRIEF_SEARCH)
		return brief_search_put(&m, out);
	if (head.len > m.hdr_len)
		head.len = m.hdr_len;
	return brief_fields_put(&m, head, out);
}

static const struct mstore_brief_ops briefs = {
	BRIEF_VERSION, brief_need, brief_make
};


static void
report(void *arg, struct seglog_pos from, struct seglog_pos to, int torn)
{
	if (torn)
		log_info("an unfinished turn in segment %u at %u "
		    "was cut off", from.seg, from.off);
	else
		log_warnx("damage in segment %u from %u to %u: "
		    "stepped over", from.seg, from.off, to.off);
}

/* A rebuild may take minutes: a sign of life every few seconds. */
static void
progress(void *arg, uint64_t records)
{
	static time_t	 last;
	time_t		 now = time(NULL);

	if (last == 0)
		last = now;
	if (now - last < 5)
		return;
	last = now;
	log_info("%llu records replayed", (unsigned long long)records);
}

void
engine_open(const struct conf *conf)
{
	struct mstore_conf	 c = {
		.dir = ".",
		.reserve_bytes = conf->limits.disk_reserve,
		.reserve_inodes = conf->limits.inode_reserve,
		.report = report,
		.progress = progress,
		.brief = &briefs
	};
	const char		*why = "";

	if (mstore_open(&ms, &c, &why) == -1)
		fatal("store: %s", why);
	if (mstore_rebuilt(ms))
		log_info("the index was made anew from the segments");
}

struct mstore *
engine(void)
{
	return ms;
}

struct mstore *
engine_begin(void)
{
	if (!mstore_in_turn(ms) && mstore_begin(ms, proc_time()) != MSTORE_OK)
		fatalx("store: cannot begin a turn");
	return ms;
}

void
engine_turn(void)
{
	enum mstore_code	 code;

	if (ms == NULL)
		return;
	/* Telling those who watch may change \Recent: another, small turn. */
	while (mstore_in_turn(ms)) {
		if ((code = mstore_commit(ms)) != MSTORE_OK)
			fatalx("store: commit: %s", mstore_strcode(code));
		watch_tell();
	}
}

void
engine_close(void)
{
	if (ms == NULL)
		return;
	engine_turn();
	mstore_close(ms);
	ms = NULL;
}

int
engine_work(void)
{
	if (ms == NULL)
		return 0;
	return mstore_in_turn(ms) || mstore_work(ms, proc_time()) == 1;
}

enum msg_st
engine_code(enum mstore_code code)
{
	static const uint8_t	 codes[] = {
		[MSTORE_OK] = ST_OK,
		[MSTORE_NONE] = ST_NONEXISTENT,
		[MSTORE_EXISTS] = ST_EXISTS,
		[MSTORE_OVERQUOTA] = ST_QUOTA,
		[MSTORE_NOSPACE] = ST_NOSPACE,
		[MSTORE_LIMIT] = ST_LIMIT,
		[MSTORE_INVALID] = ST_BAD,
		[MSTORE_DUPLICATE] = ST_OK,
		[MSTORE_CANNOT] = ST_BAD,
		[MSTORE_BADMSG] = ST_TEMP
	};

	if (code == MSTORE_TEMPFAIL || code >= sizeof(codes))
		fatalx("store: a turn was lost");
	return codes[code];
}

int
engine_has_room(void)
{
	static uint64_t	 asked;
	static int	 room = 1;
	uint64_t	 now = proc_now_ms();

	if (asked == 0 || now - asked >= 1000) {
		asked = now;
		room = mstore_reserve(ms) == MSTORE_OK;
	}
	return room;
}
