/* The queue's spool.  See spool.h. */
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "spool-int.h"

#define WORK_MOVE	64	/* entries written anew at a time */
#define WORK_SEGMENTS	4	/* that old entries may keep alive */

static const uint8_t	 count_key[2] = { 'S', 'c' };

enum spool_code
spool_of(enum kv_code kc)
{
	return kc == KV_OK ? SPOOL_OK : kc == KV_NONE ? SPOOL_NONE :
	    SPOOL_TEMPFAIL;
}

static size_t
key_ent(uint8_t *k, uint64_t id)
{
	k[0] = 'E';
	put_be64(k + 1, id);
	return 9;
}

static size_t
key_next(uint8_t *k, int64_t next, uint64_t id)
{
	k[0] = 'Q';
	put_be64(k + 1, (uint64_t)next ^ (uint64_t)1 << 63);
	put_be64(k + 9, id);
	return 17;
}

static size_t
key_seg(uint8_t *k, uint32_t seg, uint64_t id)
{
	k[0] = 'L';
	put_be32(k + 1, seg);
	put_be64(k + 5, id);
	return 13;
}

static void
ent_decode(struct ent *e, uint64_t id, const uint8_t *p)
{
	e->id = id;
	e->next = (int64_t)get_le64(p);
	e->created = (int64_t)get_le64(p + 8);
	e->body.seg = get_le32(p + 16);
	e->body.off = get_le32(p + 20);
	e->bodyenv = get_le32(p + 24);
	e->bodylen = get_le32(p + 28);
	e->env.seg = get_le32(p + 32);
	e->env.off = get_le32(p + 36);
	e->envlen = get_le32(p + 40);
}

enum spool_code
ent_get(struct spool *sp, uint64_t id, struct ent *e)
{
	enum kv_code	 kc;
	uint8_t		 key[SKEY_MAX];
	const uint8_t	*p;
	size_t		 len;

	kc = logview_get(&sp->v, key, key_ent(key, id), &p, &len);
	if (kc == KV_OK && len != ENTLEN) {
		sp->v.broken = 1;
		return SPOOL_TEMPFAIL;
	}
	if (kc == KV_OK)
		ent_decode(e, id, p);
	return spool_of(kc);
}

/* Enter or (put 0) take out everything that there is of an entry. */
static int
ent_index(struct spool *sp, const struct ent *e, int put)
{
	uint8_t	 key[SKEY_MAX], p[ENTLEN];
	size_t	 n;
	int	 bad;

	if (!put) {
		bad = logview_del(&sp->v, key, key_ent(key, e->id)) != KV_OK;
		n = key_next(key, e->next, e->id);
		bad |= logview_del(&sp->v, key, n) != KV_OK;
		n = key_seg(key, e->body.seg, e->id);
		bad |= logview_del(&sp->v, key, n) != KV_OK;
		if (e->env.seg != e->body.seg) {
			n = key_seg(key, e->env.seg, e->id);
			bad |= logview_del(&sp->v, key, n) != KV_OK;
		}
		return bad ? -1 : 0;
	}
	put_le64(p, (uint64_t)e->next);
	put_le64(p + 8, (uint64_t)e->created);
	put_le32(p + 16, e->body.seg);
	put_le32(p + 20, e->body.off);
	put_le32(p + 24, e->bodyenv);
	put_le32(p + 28, e->bodylen);
	put_le32(p + 32, e->env.seg);
	put_le32(p + 36, e->env.off);
	put_le32(p + 40, e->envlen);
	n = key_ent(key, e->id);
	bad = logview_put(&sp->v, key, n, p, sizeof(p)) != KV_OK;
	n = key_next(key, e->next, e->id);
	bad |= logview_put(&sp->v, key, n, "", 0) != KV_OK;
	n = key_seg(key, e->body.seg, e->id);
	bad |= logview_put(&sp->v, key, n, "", 0) != KV_OK;
	if (e->env.seg != e->body.seg) {
		n = key_seg(key, e->env.seg, e->id);
		bad |= logview_put(&sp->v, key, n, "", 0) != KV_OK;
	}
	return bad ? -1 : 0;
}

static int
apply_enqueue(struct spool *sp, const struct seglog_hdr *h, const uint8_t *p)
{
	struct ent	 e, old;

	e.id = get_le64(p);
	e.next = (int64_t)get_le64(p + 8);
	e.created = (int64_t)get_le64(p + 16);
	e.body = e.env = h->pos;
	e.bodyenv = e.envlen = h->len[1];
	e.bodylen = h->len[2];
	/* There already: written anew to free its segment. */
	switch (ent_get(sp, e.id, &old)) {
	case SPOOL_OK:
		if (ent_index(sp, &old, 0) == -1)
			return -1;
		break;
	case SPOOL_NONE:
		sp->count++;
		break;
	default:
		return -1;
	}
	return ent_index(sp, &e, 1);
}

static int
apply_update(struct spool *sp, const struct seglog_hdr *h, const uint8_t *p)
{
	struct ent	 e;

	switch (ent_get(sp, get_le64(p), &e)) {
	case SPOOL_OK:
		break;
	case SPOOL_NONE:
		return 0;
	default:
		return -1;
	}
	if (ent_index(sp, &e, 0) == -1)
		return -1;
	e.next = (int64_t)get_le64(p + 8);
	if (p[16]) {
		e.env = h->pos;
		e.envlen = h->len[1];
	}
	return ent_index(sp, &e, 1);
}

static int
apply_remove(struct spool *sp, const uint8_t *p)
{
	struct ent	 e;

	switch (ent_get(sp, get_le64(p), &e)) {
	case SPOOL_OK:
		sp->count--;
		return ent_index(sp, &e, 0);
	case SPOOL_NONE:
		return 0;
	default:
		return -1;
	}
}

static int
view_apply(void *arg, const struct seglog_hdr *h, const void *head, size_t len)
{
	struct spool	*sp = arg;

	if (h->kind == SREC_ENQUEUE && len == SREC_ENQLEN)
		return apply_enqueue(sp, h, head);
	if (h->kind == SREC_UPDATE && len == SREC_UPDLEN)
		return apply_update(sp, h, head);
	if (h->kind == SREC_REMOVE && len == SREC_REMLEN)
		return apply_remove(sp, head);
	return 0;
}

static int
view_load(void *arg)
{
	struct spool	*sp = arg;
	const uint8_t	*p;
	size_t		 len;

	sp->count = 0;
	switch (logview_get(&sp->v, count_key, sizeof(count_key), &p, &len)) {
	case KV_OK:
		if (len != 8)
			return -1;
		sp->count = get_le64(p);
		break;
	case KV_NONE:
		break;
	default:
		return -1;
	}
	sp->count_begin = sp->count;
	return 0;
}

static int
view_write(void *arg)
{
	struct spool	*sp = arg;
	uint8_t		 p[8];

	put_le64(p, sp->count);
	return logview_put(&sp->v, count_key, sizeof(count_key), p,
	    sizeof(p)) == KV_OK ? 0 : -1;
}

static void
view_drop(void *arg)
{
	struct spool	*sp = arg;

	sp->count = sp->count_begin;
}

static const struct logview_ops view_ops = {
	view_load, view_apply, view_write, view_drop
};

static void
spool_free(struct spool *sp, int orderly)
{
	if (sp == NULL)
		return;
	logview_close(&sp->v, orderly);
	free(sp);
}

int
spool_open(struct spool **out, const struct spool_conf *conf,
    const char **why)
{
	struct logview_conf vc = { .dir = conf->dir,
	    .cache = conf->cache != 0 ? conf->cache : 2U << 20,
	    .scattered = "Ea",
	    .segsize = conf->segsize, .io = conf->io, .report = conf->report,
	    .report_arg = conf->report_arg, .ops = &view_ops,
	    .version = SPOOL_VERSION };
	struct spool	*sp;
	int		 saved;

	*why = "no memory";
	if ((sp = calloc(1, sizeof(*sp))) == NULL)
		return -1;
	sp->reserve_bytes = conf->reserve_bytes;
	sp->reserve_inodes = conf->reserve_inodes;
	vc.arg = sp;
	if (logview_open(&sp->v, &vc, why) == -1) {
		saved = errno;
		spool_free(sp, 0);
		errno = saved;
		return -1;
	}
	*out = sp;
	return 0;
}

void
spool_close(struct spool *sp)
{
	spool_free(sp, 1);
}

void
spool_abandon(struct spool *sp)
{
	spool_free(sp, 0);
}

int
spool_rebuilt(const struct spool *sp)
{
	return sp->v.rebuilt;
}

int
spool_broken(const struct spool *sp)
{
	return logview_broken(&sp->v);
}

int
spool_in_turn(const struct spool *sp)
{
	return sp->v.in_turn;
}

int
spool_will_flush(const struct spool *sp)
{
	return sp->v.in_turn && seglog_pos_cmp(seglog_end(sp->v.log),
	    sp->v.applied) != 0;
}

uint64_t
spool_count(const struct spool *sp)
{
	return sp->count;
}

enum spool_code
spool_begin(struct spool *sp, int64_t now)
{
	if (logview_begin(&sp->v) == -1)
		return SPOOL_TEMPFAIL;
	sp->now = now;
	sp->space = -1;
	sp->count_begin = sp->count;
	return SPOOL_OK;
}

enum spool_code
spool_commit(struct spool *sp)
{
	return logview_commit(&sp->v) == -1 ? SPOOL_TEMPFAIL : SPOOL_OK;
}

void
spool_abort(struct spool *sp)
{
	logview_abort(&sp->v);
}

enum spool_code
spool_reserve(const struct spool *sp)
{
	return seglog_reserve(sp->v.log, sp->reserve_bytes,
	    sp->reserve_inodes) == 0 ? SPOOL_NOSPACE : SPOOL_OK;
}

static int
turn_ok(const struct spool *sp)
{
	return sp->v.in_turn && !sp->v.failed;
}

static enum spool_code
append(struct spool *sp, enum spool_kind kind, const uint8_t *head,
    size_t headlen, struct span env, const struct spool_body *body)
{
	struct seglog_piece ph = { head, -1, 0, headlen };
	struct seglog_piece pe = { env.p, -1, 0, env.len };
	struct seglog_piece pb = { NULL, -1, 0, 0 };
	struct seglog_part parts[SEGLOG_NPARTS] = { { &ph, 1 },
	    { &pe, env.len > 0 }, { &pb, body != NULL } };
	struct seglog_pos pos;

	if (body != NULL)
		pb = (struct seglog_piece){ body->mem, body->fd, body->off,
		    body->len };
	if (logview_append(&sp->v, (uint8_t)kind, parts, &pos) == 0)
		return SPOOL_OK;
	if (sp->v.failed)
		return SPOOL_TEMPFAIL;
	return errno == EPIPE ? SPOOL_BADMSG : errno == EFBIG ? SPOOL_LIMIT :
	    SPOOL_NOSPACE;
}

enum spool_code
spool_enqueue(struct spool *sp, uint64_t id, struct span env,
    const struct spool_body *body, int64_t next)
{
	struct ent	 old;
	uint8_t		 head[SREC_ENQLEN];
	enum spool_code	 code;

	if (!turn_ok(sp))
		return SPOOL_TEMPFAIL;
	if (id == 0 || env.len > SPOOL_MAXENV || body->len > SEGLOG_MAXREC / 2)
		return SPOOL_LIMIT;
	if (sp->space == -1)
		sp->space = spool_reserve(sp) == SPOOL_OK;
	if (!sp->space)
		return SPOOL_NOSPACE;
	if ((code = ent_get(sp, id, &old)) != SPOOL_NONE)
		return code == SPOOL_OK ? SPOOL_EXISTS : code;
	put_le64(head, id);
	put_le64(head + 8, (uint64_t)next);
	put_le64(head + 16, (uint64_t)sp->now);
	return append(sp, SREC_ENQUEUE, head, sizeof(head), env, body);
}

enum spool_code
spool_update(struct spool *sp, uint64_t id, struct span env, int64_t next)
{
	struct ent	 e;
	uint8_t		 head[SREC_UPDLEN];
	enum spool_code	 code;

	if (!turn_ok(sp))
		return SPOOL_TEMPFAIL;
	if (env.len > SPOOL_MAXENV)
		return SPOOL_LIMIT;
	if ((code = ent_get(sp, id, &e)) != SPOOL_OK)
		return code;
	put_le64(head, id);
	put_le64(head + 8, (uint64_t)next);
	head[16] = env.p != NULL;
	if (env.p == NULL)
		env.len = 0;
	return append(sp, SREC_UPDATE, head, sizeof(head), env, NULL);
}

enum spool_code
spool_remove(struct spool *sp, uint64_t id)
{
	struct ent	 e;
	uint8_t		 head[SREC_REMLEN];
	enum spool_code	 code;

	if (!turn_ok(sp))
		return SPOOL_TEMPFAIL;
	if ((code = ent_get(sp, id, &e)) != SPOOL_OK)
		return code;
	put_le64(head, id);
	return append(sp, SREC_REMOVE, head, sizeof(head), SPAN_NONE, NULL);
}

static void
entry_fill(struct spool_entry *out, const struct ent *e)
{
	out->id = e->id;
	out->next = e->next;
	out->created = e->created;
	out->bodylen = e->bodylen;
	out->envlen = e->envlen;
}

/* The header of the record with the body, as the table knows it. */
static void
body_hdr(const struct ent *e, struct seglog_hdr *h)
{
	memset(h, 0, sizeof(*h));
	h->pos = e->body;
	h->len[0] = SREC_ENQLEN;
	h->len[1] = e->bodyenv;
	h->len[2] = e->bodylen;
}

static enum spool_code
read_error(void)
{
	return errno == EBADMSG || errno == EIO || errno == ENOENT ?
	    SPOOL_CORRUPT : errno == EMSGSIZE ? SPOOL_LIMIT : SPOOL_TEMPFAIL;
}

enum spool_code
spool_get(struct spool *sp, uint64_t id, struct spool_entry *out,
    struct buf *env)
{
	struct seglog_hdr h;
	struct ent	 e;
	enum spool_code	 code;

	if ((code = ent_get(sp, id, &e)) != SPOOL_OK)
		return code;
	entry_fill(out, &e);
	if (env == NULL)
		return SPOOL_OK;
	if (seglog_read_hdr(sp->v.log, e.env, &h) == -1 ||
	    seglog_read_part(sp->v.log, &h, 1, env) == -1)
		return read_error();
	return SPOOL_OK;
}

/* The first key of a table that is greater than the given one: its id. */
static enum spool_code
key_after(struct spool *sp, uint8_t *key, size_t klen, uint64_t *id)
{
	struct kv_cursor *c;
	const uint8_t	*k;
	enum kv_code	 kc;
	size_t		 n;

	key[klen] = '\0';
	if ((kc = kv_cursor_open(sp->v.kv, &c)) == KV_OK) {
		kc = kv_cursor_seek(c, key, klen + 1);
		if (kc == KV_OK) {
			k = kv_cursor_key(c, &n);
			if (n != klen || k[0] != key[0])
				kc = KV_NONE;
			else {
				*id = get_be64(k + n - 8);
				memcpy(key, k, n);
			}
		}
		kv_cursor_close(c);
	}
	return spool_of(logview_code(&sp->v, kc));
}

enum spool_code
spool_next(struct spool *sp, int64_t next, uint64_t id,
    struct spool_entry *out)
{
	uint8_t		 key[SKEY_MAX];
	enum spool_code	 code;

	code = key_after(sp, key, key_next(key, next, id), &id);
	return code == SPOOL_OK ? spool_get(sp, id, out, NULL) : code;
}

enum spool_code
spool_next_id(struct spool *sp, uint64_t id, struct spool_entry *out)
{
	uint8_t		 key[SKEY_MAX];
	enum spool_code	 code;

	code = key_after(sp, key, key_ent(key, id), &id);
	return code == SPOOL_OK ? spool_get(sp, id, out, NULL) : code;
}

enum spool_code
spool_read(struct spool *sp, uint64_t id, uint32_t off, void *p, size_t len)
{
	struct seglog_hdr h;
	struct ent	 e;
	enum spool_code	 code;

	if ((code = ent_get(sp, id, &e)) != SPOOL_OK)
		return code;
	if (off > e.bodylen || len > e.bodylen - off)
		return SPOOL_LIMIT;
	body_hdr(&e, &h);
	return seglog_read_range(sp->v.log, &h, 2, off, p, len) == -1 ?
	    read_error() : SPOOL_OK;
}

enum spool_code
spool_verify(struct spool *sp, uint64_t id)
{
	struct seglog_hdr h;
	struct ent	 e;
	enum spool_code	 code;

	if ((code = ent_get(sp, id, &e)) != SPOOL_OK)
		return code;
	if (seglog_read_hdr(sp->v.log, e.body, &h) == -1 ||
	    h.len[2] != e.bodylen || seglog_verify(sp->v.log, &h) == -1)
		return read_error();
	return SPOOL_OK;
}

/* Write an entry anew.  One that cannot be read is left as it is. */
static enum spool_code
entry_move(struct spool *sp, uint64_t id)
{
	struct spool_entry se;
	struct spool_body body = { .fd = -1 };
	struct buf	 env, bytes;
	struct seglog_hdr h;
	struct ent	 e;
	uint8_t		 head[SREC_ENQLEN];
	enum spool_code	 code;

	buf_init(&env, SPOOL_MAXENV);
	buf_init(&bytes, SEGLOG_MAXREC);
	if ((code = ent_get(sp, id, &e)) == SPOOL_OK)
		code = spool_get(sp, id, &se, &env);
	if (code == SPOOL_OK) {
		body_hdr(&e, &h);
		if (seglog_read_hdr(sp->v.log, e.body, &h) == -1 ||
		    seglog_read_part(sp->v.log, &h, 2, &bytes) == -1)
			code = read_error();
	}
	if (code == SPOOL_OK) {
		put_le64(head, id);
		put_le64(head + 8, (uint64_t)e.next);
		put_le64(head + 16, (uint64_t)e.created);
		body.mem = bytes.len > 0 ? (const void *)buf_ptr(&bytes) : "";
		body.len = bytes.len;
		code = append(sp, SREC_ENQUEUE, head, sizeof(head),
		    (struct span){ (const char *)buf_ptr(&env), env.len },
		    &body);
	}
	buf_free(&env);
	buf_free(&bytes);
	return code;
}

/*
 * Free the oldest segment: at once when no entry has anything in it, else, when
 * a few entries hold up a long log, after writing these anew.
 */
static int
work_segments(struct spool *sp, int64_t now)
{
	uint8_t		 key[SKEY_MAX];
	uint64_t	 id = 0;
	uint32_t	 first, last;
	enum spool_code	 code;
	int		 n;

	seglog_segments(sp->v.log, &first, &last);
	if (first >= sp->v.applied.seg)
		return 0;
	code = key_after(sp, key, key_seg(key, first, 0), &id);
	if (code == SPOOL_NONE ||
	    (code == SPOOL_OK && get_be32(key + 1) != first))
		return logview_segment_remove(&sp->v, first) == 0;
	if (code != SPOOL_OK || last - first < WORK_SEGMENTS ||
	    spool_begin(sp, now) != SPOOL_OK)
		return 0;
	for (n = 0; n < WORK_MOVE && code == SPOOL_OK &&
	    get_be32(key + 1) == first; n++) {
		code = entry_move(sp, id);
		/* A bad one keeps its segment, and the log can wait. */
		if (code != SPOOL_OK)
			break;
		code = key_after(sp, key, key_seg(key, first, id), &id);
	}
	if (sp->v.failed) {
		spool_abort(sp);
		return 0;
	}
	return spool_commit(sp) == SPOOL_OK && code == SPOOL_OK;
}

int
spool_work(struct spool *sp, int64_t now)
{
	if (sp->v.in_turn || spool_broken(sp))
		return 0;
	if (trace_expire(sp, now) == 1 || work_segments(sp, now) == 1)
		return 1;
	(void)logview_code(&sp->v, kv_checkpoint(sp->v.kv, 8 * 1024));
	return 0;
}

int
spool_dump(struct spool *sp, int (*line)(void *, const char *), void *arg)
{
	struct spool_entry se = { 0 };
	struct buf	 env;
	char		 text[256];
	int		 ret = 0;

	buf_init(&env, SPOOL_MAXENV);
	while (ret == 0 && spool_next_id(sp, se.id, &se) == SPOOL_OK) {
		buf_truncate(&env, 0);
		if (spool_get(sp, se.id, &se, &env) != SPOOL_OK)
			buf_truncate(&env, 0);
		snprintf(text, sizeof(text), "%" PRIx64 " next %" PRId64
		    " created %" PRId64 " body %u env %u %.*s", se.id, se.next,
		    se.created, se.bodylen, se.envlen,
		    env.len > 80 ? 80 : (int)env.len, env.len == 0 ? "" :
		    (const char *)buf_ptr(&env));
		ret = line(arg, text);
	}
	buf_free(&env);
	return ret;
}
