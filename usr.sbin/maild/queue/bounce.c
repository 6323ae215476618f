#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "body.h"
#include "bounce.h"
#include "conf.h"
#include "expand.h"
#include "libsmtp/smtp_dsn.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "schedule.h"
#include "trace.h"
#include "transit.h"

#define BOUNCE_ORIGINAL	(256 * 1024)	/* most of a message sent back */
#define BOUNCE_HEADER	(64 * 1024)
#define BOUNCE_MAX	(1024 * 1024)

struct bounce {
	const struct envelope	*env;
	enum bounce_kind	 kind;
	struct envelope		*report;	/* the new message's */
	int			 fd;		/* its body */
	uint64_t		 size;
	bounce_cb		 cb;
	void			*arg;
};

static const struct conf	*conf;

void
bounce_conf(const struct conf *c)
{
	conf = c;
}

static int
is_reported(const struct envelope *e, const struct destination *d,
    enum bounce_kind kind)
{
	uint8_t	 notify = e->rcpts[d->rcpt].notify;

	switch (kind) {
	case BOUNCE_FAILED:
		return d->state == DSTATE_FAILED && !(notify & ENV_NEVER) &&
		    (notify == 0 || notify & ENV_FAILURE);
	case BOUNCE_DELAYED:
		return d->state == DSTATE_PENDING && !(notify & ENV_NEVER) &&
		    (notify == 0 || notify & ENV_DELAY);
	case BOUNCE_SUCCESS:
		return d->state == DSTATE_DONE && notify & ENV_SUCCESS;
	}
	return 0;
}

int
bounce_owed(const struct envelope *e, enum bounce_kind kind)
{
	size_t	 i;

	/* RFC 5321 4.5.5: nothing is ever sent to the null path. */
	if (e->sender[0] == '\0')
		return 0;
	for (i = 0; i < e->ndsts; i++) {
		if (is_reported(e, &e->dsts[i], kind))
			return 1;
	}
	return 0;
}

static void
done(struct bounce *b, int ok)
{
	bounce_cb	 cb = b->cb;
	void		*arg = b->arg;

	envelope_free(b->report);
	if (b->fd != -1)
		close(b->fd);
	free(b);
	cb(arg, ok);
}

/* The same attempt at the same report has the same id: a double is found. */
static uint64_t
report_id(const struct envelope *e, enum bounce_kind kind)
{
	uint64_t	 v = e->id;

	v ^= (uint64_t)(e->tries + 1) * 0x9e3779b97f4a7c15ULL;
	v ^= (uint64_t)(kind + 1) << 56;
	v ^= v >> 29;
	v *= 0xbf58476d1ce4e5b9ULL;
	v ^= v >> 32;
	return v == 0 ? 1 : v;
}

/* ---- what it says ------------------------------------------------------- */

static enum smtp_dsn_action
action_of(const struct destination *d, enum bounce_kind kind)
{
	if (kind == BOUNCE_FAILED)
		return SMTP_DSN_FAILED;
	if (kind == BOUNCE_DELAYED)
		return SMTP_DSN_DELAYED;
	return d->kind == DST_REMOTE ? SMTP_DSN_RELAYED : SMTP_DSN_DELIVERED;
}

/* diags: one string for each destination, freed by the caller. */
static size_t
fill_rcpts(const struct bounce *b, struct smtp_dsn_rcpt *r, char **diags)
{
	const struct envelope		*e = b->env;
	const struct destination	*d;
	size_t				 i, n = 0;

	for (i = 0; i < e->ndsts; i++) {
		d = &e->dsts[i];
		if (!is_reported(e, d, b->kind))
			continue;
		if (d->code != 0 && asprintf(&diags[n], "%u %s %s", d->code,
		    d->enhanced, d->text) == -1)
			fatal("bounce");
		r[n].addr = e->rcpts[d->rcpt].address;
		r[n].orcpt = e->rcpts[d->rcpt].orcpt;
		r[n].action = action_of(d, b->kind);
		r[n].status = d->enhanced;
		/* A failure cannot be reported with a status of class 4. */
		if (b->kind == BOUNCE_FAILED && d->enhanced[0] != '5')
			r[n].status = "5.4.7";
		/* Of the network, x.4.x, we speak ourselves. */
		r[n].mta = d->kind == DST_REMOTE &&
		    strncmp(d->enhanced + 1, ".4.", 3) != 0 ? d->host : "";
		r[n].diag = diags[n] == NULL ? "" : diags[n];
		r[n].attempt = proc_time();
		if (b->kind == BOUNCE_DELAYED)
			r[n].until = e->created + conf->queue_lifetime;
		n++;
	}
	return n;
}

/* The original as far as it is returned: its header, or all. */
static char *
read_original(const struct bounce *b, int fd, int *full, size_t *len)
{
	struct stat	 st;
	char		*p, *end;
	size_t		 size;
	ssize_t		 n;

	*len = 0;
	*full = 0;
	if (fd == -1)
		return strdup("");
	if (fstat(fd, &st) == -1)
		return NULL;
	*full = b->kind == BOUNCE_FAILED &&
	    !(b->env->flags & ENV_RET_HDRS) && st.st_size <= BOUNCE_ORIGINAL;
	size = *full ? (size_t)st.st_size : BOUNCE_HEADER;
	if ((p = malloc(size + 1)) == NULL)
		return NULL;
	if ((n = pread(fd, p, size, 0)) == -1) {
		free(p);
		return NULL;
	}
	if (!*full && (end = memmem(p, n, "\r\n\r\n", 4)) != NULL)
		n = end - p + 2;
	*len = n;
	return p;
}

static int
write_report(struct bounce *b, const struct smtp_dsn *dsn, struct span orig)
{
	struct buf	 out;
	int		 ok;

	buf_init(&out, BOUNCE_MAX);
	ok = smtp_dsn_put(&out, dsn, orig) == 0 &&
	    (b->fd = body_open(out.len)) != -1 &&
	    write(b->fd, buf_ptr(&out), out.len) == (ssize_t)out.len &&
	    body_seal(b->fd, out.len) == 0;
	b->size = out.len;
	buf_free(&out);
	return ok ? 0 : -1;
}

static int
compose(struct bounce *b, int fd)
{
	const struct envelope	*e = b->env;
	struct smtp_dsn		 dsn = { 0 };
	struct smtp_dsn_rcpt	*r;
	char			**diags, *original, boundary[64];
	char			 id[PROC_IDLEN], qid[PROC_IDLEN];
	size_t			 i, len;
	int			 full = 0, rc = -1;

	r = calloc(e->ndsts, sizeof(*r));
	diags = calloc(e->ndsts, sizeof(*diags));
	original = read_original(b, fd, &full, &len);
	if (r == NULL || diags == NULL || original == NULL)
		goto end;
	proc_print_id(report_id(e, b->kind), id);
	snprintf(boundary, sizeof(boundary), "=_%s.%s",
	    proc_print_id(proc_new_id(), qid), id);
	dsn.host = conf->hostname;
	dsn.to = e->sender;
	dsn.id = id;
	dsn.boundary = boundary;
	dsn.queue_id = proc_print_id(e->id, qid);
	dsn.envid = e->envid;
	dsn.time = proc_time();
	dsn.arrival = e->created;
	dsn.flags = (full ? SMTP_DSN_FULL : 0) |
	    (e->flags & ENV_UTF8 ? SMTP_DSN_UTF8 : 0) |
	    (e->flags & ENV_8BIT ? SMTP_DSN_8BIT : 0);
	dsn.rcpts = r;
	dsn.nrcpts = fill_rcpts(b, r, diags);
	rc = write_report(b, &dsn, (struct span){ original, len });
end:
	for (i = 0; diags != NULL && i < e->ndsts; i++)
		free(diags[i]);
	free(diags);
	free(original);
	free(r);
	return rc;
}

/* ---- where it goes ------------------------------------------------------ */

static void
on_sent(struct transit *t, const struct transit_result *r, void *arg)
{
	struct bounce	*b = arg;
	int		 ok = r->code < 400 || r->code >= 500;

	if (r->code < 300 && t->spooled && !schedule_is_active(t->id))
		schedule_fresh(transit_take_env(t), transit_take_fd(t));
	else if (r->code >= 500)
		log_warnx("a report to <%s> was refused: %s", b->env->sender,
		    r->text);
	done(b, ok);
}

static int
take_dsts(struct bounce *b, const struct expand_answer *a)
{
	const struct expand_dst	*from;
	struct destination	*d;
	size_t			 i;

	if (envelope_add_rcpt(b->report, b->env->sender, "",
	    ENV_NEVER) == NULL)
		return -1;
	for (i = 0; i < a->ndsts; i++) {
		from = &a->dsts[i];
		d = envelope_add_dst(b->report, from->kind, from->address,
		    from->mailbox);
		if (d == NULL)
			return -1;
		/* No quota: the one message says why others are missing. */
	}
	return 0;
}

static void
on_expand(void *arg, const struct expand_answer *a)
{
	struct bounce	*b = arg;
	struct transit	*t;

	if (a->r->code >= 500 || (a->r->code < 300 && a->ndsts == 0)) {
		log_warnx("a report to <%s> has no way: %s", b->env->sender,
		    a->r->text);
		done(b, 1);
		return;
	}
	if (a->r->code >= 300 || take_dsts(b, a) == -1) {
		done(b, 0);
		return;
	}
	trace_accepted(b->report, "delivery status notification");
	t = transit_new(b->report, b->fd, b->size);
	b->report = NULL;
	b->fd = -1;
	if (t == NULL) {
		done(b, 0);
		return;
	}
	t->scan = SCAN_LOCAL;
	t->dedupe = 1;
	transit_start(t, on_sent, b);
}

/* Not possible now: the callback may not come before bounce_send returns. */
static void
later(void *arg, const struct expand_answer *a)
{
	done(arg, 0);
}

void
bounce_send(const struct envelope *env, enum bounce_kind kind, int fd,
    bounce_cb cb, void *arg)
{
	struct msg_expand	 x = { .flags = ENV_LOCAL, .uid = 0,
	    .account = "", .sender = "" };
	struct bounce		*b;
	int			 rc;

	if ((b = calloc(1, sizeof(*b))) == NULL ||
	    (b->report = envelope_new()) == NULL)
		fatal("bounce");
	b->env = env;
	b->kind = kind;
	b->fd = -1;
	b->cb = cb;
	b->arg = arg;
	rc = compose(b, fd);
	if (fd != -1)
		close(fd);
	b->report->id = report_id(env, kind);
	b->report->created = proc_time();
	b->report->size = b->size;
	b->report->flags = env->flags & (ENV_8BIT | ENV_UTF8);
	x.rcpt = env->sender;
	expand_ask(&x, rc == -1 ? later : on_expand, b);
}
