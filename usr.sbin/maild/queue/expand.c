#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "expand.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"

struct question {
	TAILQ_ENTRY(question)	 entry;	/* in lost */
	uint64_t		 cookie;
	struct expand_dst	*dsts;
	size_t			 ndsts;
	uint8_t			 lost;
	uint8_t			 too_many;
	expand_cb		 cb;
	void			*arg;
};

static struct hashtab	 questions;
static TAILQ_HEAD(questionlist, question) lost =
    TAILQ_HEAD_INITIALIZER(lost);

static const void *
question_key(const void *entry, size_t *len)
{
	const struct question	*q = entry;

	*len = sizeof(q->cookie);
	return &q->cookie;
}

void
expand_init(void)
{
	hashtab_init(&questions, question_key);
}

static void
question_free(struct question *q)
{
	size_t	 i;

	hashtab_remove(&questions, &q->cookie, sizeof(q->cookie));
	if (q->lost)
		TAILQ_REMOVE(&lost, q, entry);
	for (i = 0; i < q->ndsts; i++) {
		free(q->dsts[i].address);
		free(q->dsts[i].mailbox);
	}
	free(q->dsts);
	free(q);
}

static void
lose(struct question *q)
{
	if (!q->lost)
		TAILQ_INSERT_TAIL(&lost, q, entry);
	q->lost = 1;
}

void
expand_ask(const struct msg_expand *m, expand_cb cb, void *arg)
{
	struct msg_expand	 out = *m;
	struct question		*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		fatal("expand");
	q->cookie = out.cookie = proc_new_id();
	q->cb = cb;
	q->arg = arg;
	if (hashtab_insert(&questions, q) == -1)
		fatal("expand");
	if (proc_send(PROC_LOOKUP, 0, M_EXPAND, &out, -1) == -1)
		lose(q);
}

void
expand_dst(const struct msg_expand_dst *m)
{
	struct expand_dst	*d, *p;
	struct question		*q;

	q = hashtab_find(&questions, &m->cookie, sizeof(m->cookie));
	if (q == NULL)
		return;
	if (q->ndsts >= ENVELOPE_DSTS) {
		q->too_many = 1;
		return;
	}
	p = reallocarray(q->dsts, q->ndsts + 1, sizeof(*p));
	if (p == NULL)
		fatal("expand");
	q->dsts = p;
	d = &p[q->ndsts++];
	d->kind = m->kind;
	d->quota_bytes = m->quota_bytes;
	d->quota_messages = m->quota_messages;
	if ((d->address = strdup(m->address)) == NULL ||
	    (d->mailbox = strdup(m->mailbox)) == NULL)
		fatal("expand");
}

/* In one piece: the answer, its reply, destinations, and all strings. */
struct expand_answer *
expand_answer_dup(const struct expand_answer *a)
{
	struct {
		struct expand_answer	 a;
		struct msg_expand_r	 r;
	}			*new;
	const char		*strings[3] = { a->r->enhanced, a->r->text,
				    a->r->alias };
	struct expand_dst	*d;
	size_t			 i, len = 0;
	char			*p;

	for (i = 0; i < 3; i++)
		len += strlen(strings[i]) + 1;
	for (i = 0; i < a->ndsts; i++)
		len += strlen(a->dsts[i].address) +
		    strlen(a->dsts[i].mailbox) + 2;
	if ((new = malloc(sizeof(*new) + a->ndsts * sizeof(*d) +
	    len)) == NULL)
		return NULL;
	d = (struct expand_dst *)(new + 1);
	p = (char *)(d + a->ndsts);
	new->r = *a->r;
	new->r.enhanced = p;
	new->r.text = p = stpcpy(p, strings[0]) + 1;
	new->r.alias = p = stpcpy(p, strings[1]) + 1;
	p = stpcpy(p, strings[2]) + 1;
	for (i = 0; i < a->ndsts; i++) {
		d[i] = a->dsts[i];
		d[i].address = p;
		d[i].mailbox = p = stpcpy(p, a->dsts[i].address) + 1;
		p = stpcpy(p, a->dsts[i].mailbox) + 1;
	}
	new->a.r = &new->r;
	new->a.dsts = d;
	new->a.ndsts = a->ndsts;
	return &new->a;
}

void
expand_answer_free(struct expand_answer *a)
{
	free(a);
}

static void
answer(struct question *q, const struct msg_expand_r *r)
{
	struct expand_answer	 a = { r, q->dsts, q->ndsts };

	q->cb(q->arg, &a);
	question_free(q);
}

static void
answer_temp(struct question *q, const char *text)
{
	struct msg_expand_r	 r = { .cookie = q->cookie, .code = 451,
	    .enhanced = "4.3.0", .text = text, .alias = "" };

	answer(q, &r);
}

void
expand_done(const struct msg_expand_r *m)
{
	struct question	*q;

	q = hashtab_find(&questions, &m->cookie, sizeof(m->cookie));
	if (q == NULL)
		return;
	if (q->too_many)
		answer_temp(q, "too many destinations");
	else
		answer(q, m);
}

void
expand_lookup_gone(void)
{
	struct question	*q;
	size_t		 iter = 0;

	while ((q = hashtab_next(&questions, &iter)) != NULL)
		lose(q);
}

/* Answers may ask again, and lose that: those come in the next turn. */
void
expand_turn(void)
{
	struct question	*q, *last = TAILQ_LAST(&lost, questionlist);
	int		 end;

	while ((q = TAILQ_FIRST(&lost)) != NULL) {
		end = q == last;
		answer_temp(q, "cannot look up the address just now");
		if (end)
			return;
	}
}
