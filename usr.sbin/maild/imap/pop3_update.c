/*
 * QUIT: what was marked goes, by uid; and what was retrieved and stays has
 * been seen, for those who look at the mailbox by IMAP.
 */
#include <stdio.h>
#include <stdlib.h>

#include "chunk.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "pop3_session.h"
#include "uidlist.h"

struct pop3_updating {
	struct pop3_session	*s;
	struct rseq		 gone;	/* numbers */
	struct rseq		 seen;
	struct chunk		 chunk;
	uint8_t			 seeing; /* the second half */
	uint8_t			 failed;
	unsigned		 answers; /* still to come */
};

static void	update_next(struct pop3_updating *);

static void
update_free(void *arg)
{
	struct pop3_updating	*j = arg;

	request_forget(j);
	rseq_free(&j->gone);
	rseq_free(&j->seen);
	free(j);
}

static void
say_bye(struct pop3_session *s, int failed)
{
	char	 id[PROC_IDLEN], text[64];

	log_info("pop3: session=%s account=%s retrieved=%u removed=%u%s",
	    proc_print_id(s->c.sid, id), s->c.account, s->retrieved,
	    s->drop.ndeleted, failed ? " result=failed" : "");
	if (failed)
		pop3_session_err(s, "SYS/TEMP",
		    "Some messages could not be removed");
	else {
		snprintf(text, sizeof(text), "Bye, %u removed",
		    s->drop.ndeleted);
		pop3_session_ok(s, text);
	}
	pop3_session_close(s);
}

static void
on_updated(void *arg, uint32_t type, const void *msg, int fd)
{
	struct pop3_updating	*j = arg;
	uint8_t			 code;

	code = type == M_ST_FLAGS_R ?
	    ((const struct msg_st_flags_r *)msg)->code :
	    ((const struct msg_st_r *)msg)->code;
	/* That it was read is worth no complaint. */
	if (code != ST_OK && !j->seeing)
		j->failed = 1;
	if (--j->answers == 0)
		update_next(j);
}

static void
set_flags(struct pop3_updating *j, const struct msg_blob *uids, uint32_t flags)
{
	struct msg_st_flags	 m = { .sid = j->s->c.sid, .mbox = j->s->mbox,
	    .op = ST_FLAGS_ADD, .flags = flags, .keywords = "",
	    .unchangedsince = UINT64_MAX, .uids = *uids };

	j->answers++;
	m.req = request_new(on_updated, j);
	request_send(m.req, M_ST_FLAGS, &m);
}

/* Both at once: the store makes them durable in one turn. */
static void
expunge(struct pop3_updating *j, const struct msg_blob *uids)
{
	struct msg_st_expunge	 m = { .sid = j->s->c.sid, .mbox = j->s->mbox,
	    .uids = *uids };

	set_flags(j, uids, MSTORE_DELETED);
	j->answers++;
	m.req = request_new(on_updated, j);
	request_send(m.req, M_ST_EXPUNGE, &m);
}

static void
update_next(struct pop3_updating *j)
{
	struct msg_blob	 uids;

	if (!j->seeing) {
		if (chunk_next(&j->chunk, &uids)) {
			expunge(j, &uids);
			return;
		}
		j->seeing = 1;
		chunk_start(&j->chunk, &j->seen, j->s->uids, 0);
	}
	if (chunk_next(&j->chunk, &uids))
		set_flags(j, &uids, MSTORE_SEEN);
	else
		say_bye(j->s, j->failed);
}

void
pop3_update(struct pop3_session *s)
{
	struct pop3_updating	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("pop3");
	j->s = s;
	s->job = j;
	s->job_free = update_free;
	s->wait = POP3_WAIT_JOB;
	if (pop3_drop_deleted(&s->drop, &j->gone) == -1 ||
	    pop3_drop_seen(&s->drop, &j->seen) == -1)
		fatal("pop3");
	chunk_start(&j->chunk, &j->gone, s->uids, 0);
	update_next(j);
}
