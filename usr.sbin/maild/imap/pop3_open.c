/*
 * The maildrop at the login: the counters of INBOX, then its uids.  Sizes stay
 * in the store until they are asked for; their sum is among the counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/log.h"
#include "pop3_session.h"
#include "uidlist.h"

struct pop3_opening {
	struct pop3_session	*s;
	uint64_t		 modseq;
	uint64_t		 size;
};

static void
opening_free(void *arg)
{
	request_forget(arg);
	free(arg);
}

static void
unavailable(struct pop3_session *s)
{
	pop3_session_err(s, "SYS/TEMP",
	    "The maildrop is not available, try again later");
	pop3_session_close(s);
}

static void
ready(struct pop3_session *s)
{
	char	 text[64];

	(void)pop3_state_event(&s->st, POP3_EV_LOGIN_OK);
	conn_deadline(s->c.conn, 0);
	conn_timeout(s->c.conn, caller_conf()->limits.pop3_timeout);
	snprintf(text, sizeof(text), "Logged in, %u message%s",
	    s->drop.count, s->drop.count == 1 ? "" : "s");
	pop3_session_ok(s, text);
	pop3_session_done(s);
}

static void
on_uids(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_uids_r	*r = msg;
	struct pop3_opening		*o = arg;
	struct pop3_session		*s = o->s;
	struct rows			 rows;
	struct rseq			 uids;

	if (type != M_ST_UIDS_R || r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		unavailable(s);
		return;
	}
	if (rows_open(&rows, &r->uids, r->size, fd) == -1) {
		unavailable(s);
		return;
	}
	rseq_init(&uids);
	if (rseq_get(&uids, rows.data, rows.len) == -1)
		fatalx("store: malformed uids");
	rows_free(&rows);
	if ((s->uids = uidlist_new(&uids)) == NULL)
		fatal("pop3");
	pop3_drop_init(&s->drop, s->uids->count);
	/* Nothing has happened in between: it is the sum of just these. */
	if (r->modseq == o->modseq)
		pop3_drop_total(&s->drop, o->size);
	ready(s);
}

static void
on_status(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_status_r	*r = msg;
	struct msg_st_uids		 m = { 0 };
	struct pop3_opening		*o = arg;
	struct pop3_session		*s = o->s;

	if (type != M_ST_STATUS_R || r->code != ST_OK) {
		unavailable(s);
		return;
	}
	s->mbox = r->mbox;
	s->uidvalidity = r->uidvalidity;
	if (r->exists == 0) {
		pop3_drop_init(&s->drop, 0);
		ready(s);
		return;
	}
	o->modseq = r->highestmodseq;
	o->size = r->size;
	m.sid = s->c.sid;
	m.mbox = s->mbox;
	m.req = request_new(on_uids, o);
	request_send(m.req, M_ST_UIDS, &m);
}

void
pop3_open(struct caller *c)
{
	struct msg_st_status	 m = { .sid = c->sid, .name = "INBOX" };
	struct pop3_session	*s = (struct pop3_session *)c;
	struct pop3_opening	*o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		fatal("pop3");
	o->s = s;
	s->job = o;
	s->job_free = opening_free;
	s->wait = POP3_WAIT_JOB;
	m.req = request_new(on_status, o);
	request_send(m.req, M_ST_STATUS, &m);
}
