#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "body.h"
#include "bounce.h"
#include "conf.h"
#include "delivery.h"
#include "libutil/base64.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "scanjob.h"
#include "trace.h"
#include "transit.h"
#include "turn.h"

#define TRANSIT_HOPS	50	/* Received fields, RFC 5321 6.3 */
#define LATE_RETRY	300	/* s, for those that had no room */
#define DKIM_LINE	70	/* characters of signature a line */

enum { DKIM_NONE, DKIM_WAIT, DKIM_SIGNED };

static struct hashtab	 transits;	/* by id */
static const struct conf *conf;

static void	step_sign(struct transit *);
static void	step_spool(struct transit *);
static void	step_deliver(struct transit *);
static void	step_finish(struct transit *);

static const void *
transit_key(const void *entry, size_t *len)
{
	const struct transit	*t = entry;

	*len = sizeof(t->id);
	return &t->id;
}

void
transit_init(void)
{
	hashtab_init(&transits, transit_key);
}

void
transit_conf(const struct conf *c)
{
	conf = c;
}

size_t
transit_count(void)
{
	return transits.count;
}

int
transit_has(uint64_t id)
{
	return hashtab_find(&transits, &id, sizeof(id)) != NULL;
}

static void
transit_free(struct transit *t)
{
	size_t	 i;

	envelope_free(t->env);
	if (t->fd != -1)
		close(t->fd);
	if (t->metafd != -1)
		close(t->metafd);
	buf_free(&t->prefix);
	buf_free(&t->meta);
	free(t->domain);
	free(t->dkim_domain);
	for (i = 0; i < 2; i++) {
		buf_free(&t->dkim[i].header);
		buf_free(&t->dkim[i].signature);
		free(t->dkim[i].selector);
	}
	free(t);
}

struct transit *
transit_new(struct envelope *env, int fd, uint64_t size)
{
	struct transit	*t;
	size_t		 i;

	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    (t->domain = strdup("")) == NULL) {
		envelope_free(env);
		close(fd);
		free(t);
		return NULL;
	}
	t->id = env->id;
	t->env = env;
	t->fd = fd;
	t->size = size;
	t->metafd = -1;
	buf_init(&t->prefix, MSG_BLOB);
	buf_init(&t->meta, MSG_BLOB);
	for (i = 0; i < 2; i++) {
		buf_init(&t->dkim[i].header, MSG_BLOB);
		buf_init(&t->dkim[i].signature, MSG_BLOB);
	}
	if (hashtab_insert(&transits, t) == -1) {
		transit_free(t);
		return NULL;
	}
	return t;
}

/* Who hears of it may begin another with the same id, so it leaves first. */
static void
transit_end(struct transit *t)
{
	hashtab_remove(&transits, &t->id, sizeof(t->id));
	t->cb(t, &t->result, t->arg);
	transit_free(t);
}

struct envelope *
transit_take_env(struct transit *t)
{
	struct envelope	*e = t->env;

	t->env = NULL;
	return e;
}

int
transit_take_fd(struct transit *t)
{
	int	 fd = t->fd;

	t->fd = -1;
	return fd;
}

void
transit_orphan(struct transit *t, transit_cb cb)
{
	t->cb = cb;
	t->arg = NULL;
}

static void
set_result(struct transit *t, uint16_t code, const char *enhanced,
    const char *text)
{
	t->result.code = code;
	t->result.enhanced = enhanced;
	strlcpy(t->text, text, sizeof(t->text));
	t->result.text = t->text;
}

/* The whole message is refused. */
static void
refuse(struct transit *t, uint16_t code, const char *enhanced,
    const char *text)
{
	struct destination	*d;
	size_t			 i;

	for (i = 0; i < t->env->ndsts; i++) {
		d = &t->env->dsts[i];
		if (d->state != DSTATE_PENDING)
			continue;
		if (code >= 500)
			d->state = DSTATE_FAILED;
		if (envelope_set_reply(d, code, enhanced, text, "") == -1)
			fatal("transit");
	}
	set_result(t, code, enhanced, text);
	transit_end(t);
}

static int
has_pending(const struct transit *t, enum msg_dst kind)
{
	size_t	 i;

	for (i = 0; i < t->env->ndsts; i++) {
		if (t->env->dsts[i].kind == kind &&
		    t->env->dsts[i].state == DSTATE_PENDING)
			return 1;
	}
	return 0;
}

static int
keep_dkim(struct dkim_part *p, const char *selector,
    const struct msg_blob *header, const struct msg_blob *digest)
{
	if (header->len == 0)
		return 0;
	if (digest->len != sizeof(p->digest))
		return -1;
	memcpy(p->digest, digest->data, sizeof(p->digest));
	if (buf_add(&p->header, header->data, header->len) == -1 ||
	    (p->selector = strdup(selector)) == NULL)
		return -1;
	p->state = DKIM_WAIT;
	return 0;
}

/* Copy what scan found out. -1: out of memory, or nonsense. */
static int
keep_scan(struct transit *t, const struct msg_scan_r *r, int fd)
{
	if (fd == -1 ? r->meta.len == 0 : body_meta(fd, &t->metasize) == -1)
		return -1;
	/* It may have a signature of the domain that it was told, no other. */
	if ((r->dkim_header1.len > 0 || r->dkim_header2.len > 0) &&
	    (t->domain[0] == '\0' || strcmp(r->dkim_domain, t->domain) != 0))
		return -1;
	memcpy(t->threadkeys, r->threadkeys, sizeof(t->threadkeys));
	if (buf_add(&t->prefix, r->prefix.data, r->prefix.len) == -1 ||
	    buf_add(&t->meta, r->meta.data, r->meta.len) == -1)
		return -1;
	if (!t->spooled) {
		buf_truncate(&t->env->prefix, 0);
		if (buf_add(&t->env->prefix, r->relay_prefix.data,
		    r->relay_prefix.len) == -1)
			return -1;
	}
	if ((t->dkim_domain = strdup(r->dkim_domain)) == NULL ||
	    keep_dkim(&t->dkim[0], r->dkim_selector1, &r->dkim_header1,
	    &r->dkim_digest1) == -1 ||
	    keep_dkim(&t->dkim[1], r->dkim_selector2, &r->dkim_header2,
	    &r->dkim_digest2) == -1)
		return -1;
	return 0;
}

static void
on_scan(void *arg, const struct msg_scan_r *r, int fd)
{
	struct transit	*t = arg;

	t->job = NULL;
	t->metafd = fd;
	if (r == NULL) {
		refuse(t, 554, "5.6.0", "message cannot be processed");
		return;
	}
	if (r->status == SCAN_REFUSE) {
		refuse(t, r->code >= 500 && r->code < 600 ? r->code : 554,
		    "5.7.1", r->text);
		return;
	}
	if (r->status != SCAN_OK || keep_scan(t, r, fd) == -1) {
		refuse(t, 451, "4.3.0", "cannot process the message now");
		return;
	}
	if (r->received > TRANSIT_HOPS) {
		refuse(t, 554, "5.4.6", "too many hops");
		return;
	}
	step_sign(t);
}

void
transit_start(struct transit *t, transit_cb cb, void *arg)
{
	struct msg_scan	*m = &t->scanmsg;
	size_t		 i;

	t->cb = cb;
	t->arg = arg;
	for (i = 0; i < t->env->ndsts; i++) {
		if (t->env->dsts[i].kind != DST_DISCARD ||
		    t->env->dsts[i].state != DSTATE_PENDING)
			continue;
		t->env->dsts[i].state = DSTATE_DONE;
		if (envelope_set_reply(&t->env->dsts[i], 250, "2.0.0",
		    "discarded", "") == -1)
			fatal("transit");
		trace_dst(t->env, &t->env->dsts[i], "discarded");
	}
	m->size = t->size;
	m->flags = t->scan;
	m->now = proc_time();
	m->id = t->id;
	m->sender = t->env->sender;
	m->domain = t->domain;
	m->hostname = conf->hostname;
	if ((t->job = scanjob_start(m, t->fd, on_scan, t)) == NULL)
		fatal("transit");
}

static void
step_sign(struct transit *t)
{
	struct msg_dkim_sign	 m = { .cookie = t->id };
	struct dkim_part	*p;
	size_t			 i;
	int			 waits = 0;

	for (i = 0; i < 2; i++) {
		p = &t->dkim[i];
		if (p->state == DKIM_NONE)
			continue;
		if (!has_pending(t, DST_REMOTE) || t->spooled) {
			p->state = DKIM_NONE;
			continue;
		}
		m.n = i + 1;
		m.domain = t->dkim_domain;
		m.selector = p->selector;
		m.digest.data = p->digest;
		m.digest.len = sizeof(p->digest);
		if (proc_send(PROC_CRYPTO, 0, M_DKIM_SIGN, &m, -1) == -1) {
			refuse(t, 451, "4.3.0", "cannot sign just now");
			return;
		}
		waits = 1;
	}
	if (!waits)
		step_spool(t);
}

/* RFC 6376 3.5: white space inside of b= does not count; fold there. */
static int
add_signature(struct buf *out, struct dkim_part *p)
{
	char	 text[BASE64_LEN(1024) + 1];
	int	 len, i, n;

	if (p->signature.len > 1024)
		return -1;
	len = base64_encode(text, sizeof(text), buf_ptr(&p->signature),
	    p->signature.len);
	if (len == -1 ||
	    buf_add(out, buf_ptr(&p->header), p->header.len) == -1)
		return -1;
	for (i = 0; i < len; i += n) {
		n = len - i > DKIM_LINE ? DKIM_LINE : len - i;
		if ((i > 0 && buf_addstr(out, "\r\n\t") == -1) ||
		    buf_add(out, text + i, n) == -1)
			return -1;
	}
	return buf_addstr(out, "\r\n");
}

/* The signatures go before what was added to the message. */
static int
sign_prefix(struct transit *t)
{
	struct buf	 out;
	size_t		 i;

	buf_init(&out, 64 * 1024);
	for (i = 0; i < 2; i++) {
		if (t->dkim[i].state == DKIM_SIGNED &&
		    add_signature(&out, &t->dkim[i]) == -1)
			goto fail;
	}
	if (t->env->prefix.len > 0 && buf_add(&out, buf_ptr(&t->env->prefix),
	    t->env->prefix.len) == -1)
		goto fail;
	buf_free(&t->env->prefix);
	t->env->prefix = out;
	return 0;
fail:
	buf_free(&out);
	return -1;
}

void
transit_signed(const struct msg_dkim_sign_r *m)
{
	struct transit		*t;
	struct dkim_part	*p;

	t = hashtab_find(&transits, &m->cookie, sizeof(m->cookie));
	if (t == NULL)
		return;		/* refused since */
	if (m->n < 1 || m->n > 2 || t->dkim[m->n - 1].state != DKIM_WAIT)
		fatalx("crypto answers what was not asked");
	p = &t->dkim[m->n - 1];
	p->state = DKIM_NONE;
	if (m->ok) {
		p->state = DKIM_SIGNED;
		if (buf_add(&p->signature, m->signature.data,
		    m->signature.len) == -1)
			fatal("transit");
	} else
		log_warnx("no signature by %s of %s", p->selector,
		    t->dkim_domain);
	if (t->dkim[0].state == DKIM_WAIT || t->dkim[1].state == DKIM_WAIT)
		return;
	if (sign_prefix(t) == -1)
		refuse(t, 451, "4.3.0", "cannot sign just now");
	else
		step_spool(t);
}

void
transit_crypto_gone(void)
{
	struct transit	*t;
	size_t		 iter = 0;

	while ((t = hashtab_next(&transits, &iter)) != NULL) {
		if (t->dkim[0].state == DKIM_WAIT ||
		    t->dkim[1].state == DKIM_WAIT) {
			refuse(t, 451, "4.3.0", "cannot sign just now");
			iter = 0;
		}
	}
}

/* Into the spool as it stands.  -1: not possible. */
static int
put_in_spool(struct transit *t)
{
	struct spool_body	 body = { .fd = t->fd, .len = t->size };
	struct spool		*spool;
	struct buf		 b;
	enum spool_code		 code;

	if ((spool = turn_begin()) == NULL)
		return -1;
	buf_init(&b, SPOOL_MAXENV);
	t->env->size = t->size;
	if (t->env->next == 0)
		t->env->next = proc_time();
	if (envelope_encode(t->env, &b) == -1) {
		buf_free(&b);
		return -1;
	}
	code = spool_enqueue(spool, t->id, (struct span){
	    (char *)buf_ptr(&b), b.len }, &body, t->env->next);
	buf_free(&b);
	if (code != SPOOL_OK && code != SPOOL_EXISTS) {
		log_warnx("spool: enqueue: %d", code);
		return -1;
	}
	t->spooled = 1;
	return 0;
}

static void
on_spooled(void *arg, int ok)
{
	struct transit	*t = arg;

	if (ok)
		step_deliver(t);
	else {
		t->spooled = 0;
		refuse(t, 451, "4.3.0", "cannot write to the queue");
	}
}

static void
step_spool(struct transit *t)
{
	if (t->spooled || !has_pending(t, DST_REMOTE))
		step_deliver(t);
	else if (put_in_spool(t) == -1)
		refuse(t, 452, "4.3.1", "cannot write to the queue");
	else {
		/* A local copy may now be tried twice: after a crash. */
		t->dedupe = 1;
		turn_after(on_spooled, t);
	}
}

static void
on_delivered(void *arg)
{
	step_finish(arg);
}

/*
 * What the store remembers: one attempt, which may be repeated after a crash,
 * but not the next attempt for those who had no room in this one.
 */
static uint64_t
attempt_id(const struct transit *t)
{
	return t->id + t->env->tries * 0x9e3779b97f4a7c15ULL;
}

static void
step_deliver(struct transit *t)
{
	struct delivery_what	 w = {
		.id = attempt_id(t), .dedupe = t->dedupe,
		.date = t->env->created, .fd = t->fd, .size = t->size,
		.prefix = &t->prefix,
		.meta = &t->meta, .metafd = t->metafd,
		.metasize = t->metasize, .env = t->env
	};

	if (!has_pending(t, DST_ACCOUNT)) {
		step_finish(t);
		return;
	}
	memcpy(w.threadkeys, t->threadkeys, sizeof(w.threadkeys));
	if (delivery_start(&w, on_delivered, t) == NULL)
		fatal("transit");
}

/*
 * Some have it and some do not, and the queue cannot keep it for these: then
 * nobody was told yes, for twice is better than never.
 */
static void
take_back(struct transit *t)
{
	struct destination	*d;
	size_t			 i;

	for (i = 0; i < t->env->ndsts; i++) {
		d = &t->env->dsts[i];
		if (d->state == DSTATE_REPORTED)
			continue;
		d->state = DSTATE_PENDING;
		if (envelope_set_reply(d, 451, "4.3.0",
		    "cannot write to the queue", "") == -1)
			fatal("transit");
	}
	set_result(t, 451, "4.3.0", "cannot write to the queue");
}

/* Those that nothing was decided of but "not now". */
static size_t
count_open(const struct envelope *e)
{
	size_t	 i, n = 0;

	for (i = 0; i < e->ndsts; i++)
		n += e->dsts[i].kind == DST_ACCOUNT &&
		    e->dsts[i].state != DSTATE_DONE &&
		    e->dsts[i].state != DSTATE_REPORTED;
	return n;
}

static void
on_spooled_late(void *arg, int ok)
{
	struct transit	*t = arg;

	if (!ok) {
		t->spooled = 0;
		log_warnx("spool: some recipients could not be kept");
		if (count_open(t->env) > 0)
			take_back(t);
	}
	transit_end(t);
}

/*
 * LMTP: a recipient of whom nobody has got it, and nobody will, is refused,
 * and the client keeps it for him.  One of several behind a recipient that had
 * no room is ours, as the others have it.
 */
static void
settle_each(struct transit *t)
{
	struct envelope		*e = t->env;
	struct destination	*d;
	uint8_t			*taken;
	size_t			 i;

	if ((taken = calloc(e->nrcpts + 1, 1)) == NULL)
		fatal("transit");
	for (i = 0; i < e->ndsts; i++) {
		d = &e->dsts[i];
		if (d->state == DSTATE_DONE ||
		    (d->kind == DST_REMOTE && t->spooled))
			taken[d->rcpt] = 1;
	}
	for (i = 0; i < e->ndsts; i++) {
		d = &e->dsts[i];
		if (!taken[d->rcpt] && d->state != DSTATE_DONE)
			d->state = DSTATE_REPORTED;
	}
	free(taken);
}

/* Why nobody has it: what may be otherwise later comes first. */
static void
set_refusal(struct transit *t)
{
	const struct destination	*d, *said = NULL;
	size_t				 i;

	for (i = 0; i < t->env->ndsts; i++) {
		d = &t->env->dsts[i];
		if (d->kind == DST_ACCOUNT && d->state != DSTATE_DONE &&
		    (said == NULL || (said->code >= 500 && d->code < 500)))
			said = d;
	}
	if (said != NULL)
		set_result(t, said->code, said->enhanced, said->text);
}

/*
 * All that could be stored is.  If anybody has got it, or it is in the spool,
 * the message is accepted, and who has not got it (a mailbox has become full
 * meanwhile) is tried again from the spool.  If nobody has, the client is told
 * so and keeps it.  A report of success is the spool's matter too.
 */
static void
step_finish(struct transit *t)
{
	struct envelope	*e = t->env;
	int		 done;

	if (t->each)
		settle_each(t);
	done = envelope_count(e, DSTATE_DONE) > 0;
	set_result(t, 250, "2.0.0", "");
	if (!done && !t->spooled)
		set_refusal(t);
	if (done && !t->spooled && (count_open(e) > 0 ||
	    bounce_owed(e, BOUNCE_SUCCESS))) {
		e->next = proc_time() + LATE_RETRY;
		if (put_in_spool(t) == 0) {
			turn_after(on_spooled_late, t);
			return;
		}
		if (count_open(e) > 0)
			take_back(t);
	}
	transit_end(t);
}
