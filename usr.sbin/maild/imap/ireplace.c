#include "ireplace.h"
#include "isession.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "view.h"

/* Of the session's command; one at a time, so the job may keep it. */
static void
on_marked(void *arg, uint32_t type, const void *msg, int fd)
{
	/* Whether it could be marked shows when it is to be expunged. */
}

static void
on_expunged(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*r = msg;
	struct isession		*s = arg;

	mbox_heard(s->view->mbox, r->modseq);
	s->replaced(s);
}

void
ireplace_expunge(struct isession *s, uint32_t uid,
    void (*done)(struct isession *))
{
	struct rseq_run		 run = { uid, uid };
	struct rseq		 one = { &run, 1, 1 };
	uint8_t			 wire[12];
	struct msg_st_flags	 flags = { .sid = s->sid,
	    .mbox = s->view->mbox->id, .op = ST_FLAGS_ADD,
	    .flags = MSTORE_DELETED, .keywords = "",
	    .unchangedsince = UINT64_MAX };
	struct msg_st_expunge	 expunge = { .sid = s->sid,
	    .mbox = s->view->mbox->id };

	s->replaced = done;
	rseq_put(&one, wire);
	flags.uids.data = expunge.uids.data = wire;
	flags.uids.len = expunge.uids.len = rseq_wirelen(&one);
	/* One after the other in the same turn of the store. */
	flags.req = request_new(on_marked, s);
	request_send(flags.req, M_ST_FLAGS, &flags);
	expunge.req = request_new(on_expunged, s);
	request_send(expunge.req, M_ST_EXPUNGE, &expunge);
}
