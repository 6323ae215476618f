/* Looking whether all in the spool is as it should be. */
#include <errno.h>
#include <string.h>

#include "spool-int.h"

struct check {
	void	(*problem)(void *, const char *, struct seglog_pos, uint64_t);
	void	*arg;
	int64_t	 n;
};

static void
problem(struct check *c, const char *what, struct seglog_pos pos, uint64_t id)
{
	c->n++;
	c->problem(c->arg, what, pos, id);
}

static void
on_damage(void *arg, struct seglog_pos from, struct seglog_pos to, int torn)
{
	problem(arg, "bytes that are no record", from, 0);
}

static int
check_log(struct spool *sp, struct check *c)
{
	struct seglog_pos pos = { 0, 0 };
	struct seglog_hdr h;
	int		 r;

	while ((r = seglog_next(sp->v.log, &pos, &h)) == 1) {
		if (seglog_verify(sp->v.log, &h) == 0)
			continue;
		if (errno != EBADMSG && errno != EIO)
			return -1;
		problem(c, "record is damaged", h.pos, 0);
	}
	return r;
}

static int
check_entries(struct spool *sp, struct check *c)
{
	struct spool_entry se = { 0 };
	struct ent	 e;
	struct buf	 env;
	enum spool_code	 code;

	buf_init(&env, SPOOL_MAXENV);
	while ((code = spool_next_id(sp, se.id, &se)) == SPOOL_OK) {
		buf_truncate(&env, 0);
		if (ent_get(sp, se.id, &e) != SPOOL_OK)
			break;
		if (spool_get(sp, se.id, &se, &env) == SPOOL_CORRUPT)
			problem(c, "envelope cannot be read", e.env, se.id);
		if (spool_verify(sp, se.id) == SPOOL_CORRUPT)
			problem(c, "message cannot be read", e.body, se.id);
	}
	buf_free(&env);
	return code == SPOOL_NONE ? 0 : -1;
}

int64_t
spool_check(struct spool *sp, void (*fn)(void *, const char *,
    struct seglog_pos, uint64_t), void *arg)
{
	struct check	 c = { fn, arg, 0 };
	seglog_report	 report = on_damage;
	void		*ears = &c;
	int		 r;

	if (sp->v.in_turn || spool_broken(sp))
		return -1;
	seglog_ears(sp->v.log, &report, &ears);
	r = check_log(sp, &c);
	if (r == 0)
		r = check_entries(sp, &c);
	seglog_ears(sp->v.log, &report, &ears);
	return r == 0 ? c.n : -1;
}
