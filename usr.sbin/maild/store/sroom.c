#include "engine.h"
#include "proc.h"
#include "sroom.h"

static uint64_t
left(uint64_t limit, uint64_t used)
{
	if (limit == 0)
		return UINT64_MAX;
	return used >= limit ? 0 : limit - used;
}

/* An account that there is not yet has all of it. */
void
sroom_answer(const struct msg_room *m)
{
	struct msg_room_r	 r = { .cookie = m->cookie };
	struct mstore_quota	 use = { 0, 0 };
	uint32_t		 account;

	if (mstore_account_get(engine(), span_of(m->account), 0,
	    &account) == MSTORE_OK)
		(void)mstore_usage(engine(), account, &use);
	r.bytes = left(m->quota_bytes, use.bytes);
	r.messages = left(m->quota_messages, use.messages);
	(void)proc_send(PROC_QUEUE, 0, M_ROOM_R, &r, -1);
}
