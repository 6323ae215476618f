/* Looking whether all in the spool is as it should be. */
#include <errno.h>
#include <string.h>

#include "spool-int.h"

static void
problem(struct spool_check *ck, const char *what, struct seglog_pos pos,
    uint64_t id)
{
	ck->problems++;
	ck->problem(ck->arg, what, pos, id);
}

static void
on_damage(void *arg, struct seglog_pos from, struct seglog_pos to, int torn)
{
	problem(arg, "bytes that are no record", from, 0);
}

/* 1 more to do, 0 at the end, -1 */
static int
check_log(struct spool *sp, struct spool_check *ck, size_t budget)
{
	struct seglog_hdr h;
	size_t		 n = 0;
	int		 r;

	while (n < budget) {
		if ((r = seglog_next(sp->v.log, &ck->pos, &h)) != 1)
			return r;
		n += SEGLOG_HDRLEN + h.len[0] + h.len[1] + h.len[2];
		ck->records++;
		if (seglog_verify(sp->v.log, &h) == 0)
			continue;
		if (errno != EBADMSG && errno != EIO)
			return -1;
		problem(ck, "record is damaged", h.pos, 0);
	}
	return 1;
}

static int
check_entries(struct spool *sp, struct spool_check *ck, size_t budget)
{
	struct spool_entry se;
	struct ent	 e;
	struct buf	 env;
	enum spool_code	 code;
	size_t		 n = 0;

	while (n < budget) {
		if ((code = spool_next_id(sp, ck->id, &se)) != SPOOL_OK)
			return code == SPOOL_NONE ? 0 : -1;
		ck->id = se.id;
		ck->entries++;
		n += SEGLOG_HDRLEN + se.envlen + se.bodylen;
		if (ent_get(sp, se.id, &e) != SPOOL_OK)
			return -1;
		buf_init(&env, SPOOL_MAXENV);
		if (spool_get(sp, se.id, &se, &env) == SPOOL_CORRUPT)
			problem(ck, "envelope cannot be read", e.env, se.id);
		buf_free(&env);
		if (spool_verify(sp, se.id) == SPOOL_CORRUPT)
			problem(ck, "message cannot be read", e.body, se.id);
	}
	return 1;
}

int
spool_check_step(struct spool *sp, struct spool_check *ck, size_t budget)
{
	seglog_report	 report = on_damage;
	void		*ears = ck;
	int		 r;

	if (sp->v.in_turn || spool_broken(sp))
		return -1;
	seglog_ears(sp->v.log, &report, &ears);
	r = ck->log_done ? check_entries(sp, ck, budget) :
	    check_log(sp, ck, budget);
	seglog_ears(sp->v.log, &report, &ears);
	if (r != 0 || ck->log_done)
		return r;
	ck->log_done = 1;
	return 1;
}

int64_t
spool_check(struct spool *sp, void (*fn)(void *, const char *,
    struct seglog_pos, uint64_t), void *arg)
{
	struct spool_check ck = { .problem = fn, .arg = arg };
	int		 r;

	while ((r = spool_check_step(sp, &ck, 1U << 20)) == 1)
		;
	return r == 0 ? (int64_t)ck.problems : -1;
}
