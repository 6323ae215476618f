/*
 * What the answers of a server mean for our messages.
 *
 *	2yz			relayed
 *	4yz, 5yz		deferred, refused; for good
 *	452 (552 5.5.3) to RCPT	after others were accepted: too many at once,
 *				the rest goes in another transaction
 *	421, connection lost	before the message's end: once more, through
 *				another connection, RMSG_TRIES times in all;
 *				after it: deferred, as it may have arrived
 *	anything else		deferred
 */
#include <stdio.h>
#include <string.h>

#include "proc.h"
#include "rsession.h"
#include "rsession_result.h"

/* The text of a reply without its codes. */
static const char *
rsession_text(const struct smtp_reply *r, char *dst, size_t dstsize)
{
	const char	*p;

	smtp_reply_print(r, dst, dstsize);
	p = dst + strcspn(dst, " ");
	p += strspn(p, " ");
	if (r->enhanced.class != 0 && p[strspn(p, "0123456789.")] == ' ')
		p += strspn(p, "0123456789.") + 1;
	return p;
}

static enum msg_relay_result
rsession_class(uint16_t code)
{
	switch (code / 100) {
	case 2:
		return RELAY_OK;
	case 5:
		return RELAY_PERM;
	default:
		return RELAY_TEMP;
	}
}

/* Will this recipient be tried once more, now, by us? */
static int
rsession_again(const struct rsession *s, const struct rmsg *rm,
    const struct smtp_trans *t, enum smtp_stage stage,
    const struct smtp_reply *r)
{
	if (stage == SMTP_STAGE_UNSENT)
		return 1;
	if (s->losing || (r->code == 421 && stage != SMTP_STAGE_LOCAL))
		return stage != SMTP_STAGE_END && rm->tries + 1 < RMSG_TRIES;
	if (stage != SMTP_STAGE_RCPT || t->accepted == 0)
		return 0;
	return r->code == 452 || (r->code == 552 && r->enhanced.subject == 5 &&
	    r->enhanced.detail == 3);
}

static void
rsession_op_result(void *arg, struct smtp_trans *t, size_t i,
    enum smtp_stage stage, const struct smtp_reply *r)
{
	struct rsession		*s = arg;
	struct rmsg		*rm = t->arg;
	struct rmsg_result	 res;
	char			 status[MSG_ENHANCED + 8], text[MSG_TEXT + 1];

	if (!s->losing && r->code != 421 && stage != SMTP_STAGE_LOCAL &&
	    stage != SMTP_STAGE_UNSENT)
		s->progress = 1;
	if (rsession_again(s, rm, t, stage, r)) {
		if (stage != SMTP_STAGE_UNSENT && (s->losing ||
		    r->code == 421))
			rm->lost = 1;
		return;
	}
	memset(&res, 0, sizeof(res));
	res.result = rsession_class(r->code);
	/* RFC 5321 4.5.3.1.10: to RCPT, 552 has always meant 452. */
	if (r->code == 552 && stage == SMTP_STAGE_RCPT &&
	    r->enhanced.class == 0)
		res.result = RELAY_TEMP;
	res.code = r->code;
	res.dsn = (s->client.caps.has & SMTP_CAP_DSN) != 0;
	res.enhanced = smtp_reply_status(r, status, sizeof(status));
	if (strlen(status) > MSG_ENHANCED)
		res.enhanced = "4.0.0";
	res.text = rsession_text(r, text, sizeof(text));
	res.host = s->target.host;
	if (res.result == RELAY_OK)
		rm->relayed = 1;
	rmsg_result(rm, rm->map[i], &res);
}

static void
rsession_op_done(void *arg, struct smtp_trans *t)
{
	struct rsession	*s = arg;
	struct rmsg	*rm = t->arg;

	if (s->body.msg == rm)
		s->body.msg = NULL;
	rsession_message_over(s);
	if (rm->relayed) {
		rm->relayed = 0;
		s->messages++;
		proc_count_add("relay.messages", 1);
	}
	if (rm->nopen == 0) {
		rmsg_end(rm);
		return;
	}
	if (rm->lost) {
		rm->lost = 0;
		rm->tries++;
	}
	route_requeue(s->route, rm);
}

const struct smtp_client_ops rsession_ops = {
	.result = rsession_op_result,
	.done = rsession_op_done,
};

void
rsession_unreadable(struct rmsg *rm)
{
	static const struct rmsg_result	 res = {
		.result = RELAY_TEMP,
		.code = 451,
		.enhanced = "4.3.0",
		.text = "message cannot be read just now",
		.host = "",
	};

	rmsg_result_all(rm, &res);
}
