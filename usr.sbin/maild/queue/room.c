#include <stdlib.h>

#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "room.h"

#define STORE_PATIENCE	20000	/* ms that a client waits for its return */

/* One account after the other, until there is one with room. */
struct question {
	uint64_t		 cookie;
	const struct expand_answer *answer;
	size_t			 i;	/* destination that is asked about */
	uint64_t		 size;
	uint64_t		 since;	/* ms */
	uint8_t			 sent;
	room_cb			 cb;
	void			*arg;
};

static struct hashtab	 questions;

static const void *
question_key(const void *entry, size_t *len)
{
	const struct question	*q = entry;

	*len = sizeof(q->cookie);
	return &q->cookie;
}

void
room_init(void)
{
	hashtab_init(&questions, question_key);
}

int
room_needed(const struct expand_answer *a)
{
	size_t	 i;

	for (i = 0; i < a->ndsts; i++) {
		if (a->dsts[i].kind != DST_ACCOUNT ||
		    (a->dsts[i].quota_bytes == 0 &&
		    a->dsts[i].quota_messages == 0))
			return 0;
	}
	return a->ndsts > 0;
}

static void
ask(struct question *q)
{
	const struct expand_dst	*d = &q->answer->dsts[q->i];
	struct msg_room		 m = { .cookie = q->cookie,
				    .account = d->address,
				    .quota_bytes = d->quota_bytes,
				    .quota_messages = d->quota_messages };

	q->sent = proc_send(PROC_STORE, 0, M_ROOM, &m, -1) == 0;
}

void
room_ask(const struct expand_answer *a, uint64_t size, room_cb cb, void *arg)
{
	struct question	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		fatal("room");
	q->cookie = proc_new_id();
	q->answer = a;
	q->size = size;
	q->since = proc_now_ms();
	q->cb = cb;
	q->arg = arg;
	if (hashtab_insert(&questions, q) == -1)
		fatal("room");
	ask(q);
}

static void
finish(struct question *q, enum room room)
{
	room_cb	 cb = q->cb;
	void	*arg = q->arg;

	hashtab_remove(&questions, &q->cookie, sizeof(q->cookie));
	free(q);
	cb(arg, room);
}

/* RFC 1870 6.1: what was announced counts; at least something must go in. */
void
room_answer(const struct msg_room_r *m)
{
	struct question	*q;
	uint64_t	 size;

	q = hashtab_find(&questions, &m->cookie, sizeof(m->cookie));
	if (q == NULL)
		return;		/* we gave it up */
	size = q->size == 0 ? 1 : q->size;
	if (m->bytes >= size && m->messages > 0)
		finish(q, ROOM_YES);
	else if (++q->i == q->answer->ndsts)
		finish(q, ROOM_NO);
	else
		ask(q);
}

void
room_store_gone(void)
{
	struct question	*q;
	size_t		 iter = 0;

	while ((q = hashtab_next(&questions, &iter)) != NULL) {
		q->sent = 0;
		q->since = proc_now_ms();
	}
}

void
room_store_here(void)
{
	struct question	*q;
	size_t		 iter = 0;

	while ((q = hashtab_next(&questions, &iter)) != NULL) {
		if (!q->sent)
			ask(q);
	}
}

void
room_tick(void)
{
	struct question	*q;
	uint64_t	 now = proc_now_ms();
	size_t		 iter = 0;

	while ((q = hashtab_next(&questions, &iter)) != NULL) {
		if (!q->sent && now - q->since > STORE_PATIENCE)
			finish(q, ROOM_UNKNOWN);
	}
}
