/*
 * A server that says what it likes, when it likes: every recipient still gets
 * exactly one answer.  The first byte holds the options, the rest is what the
 * server says.
 */
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_client_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NTRANS	3
#define NRCPT	3

struct world {
	struct smtp_client	 c;
	struct smtp_trans	 trans[NTRANS];
	struct smtp_rcpt	 rcpts[NTRANS][NRCPT];
	int			 results[NTRANS][NRCPT];
	int			 done[NTRANS];
	int			 next;
	struct buf		 out;
};

static void
result(void *arg, struct smtp_trans *t, size_t i, enum smtp_stage stage,
    const struct smtp_reply *r)
{
	struct world	*w = arg;

	if (w->done[t - w->trans] || w->results[t - w->trans][i]++ != 0)
		abort();
	if (r->code < 200 || r->code > 599 || smtp_stage_name(stage) == NULL)
		abort();
	/* Only the end of the message can be good news. */
	if (r->code / 100 == 2 && stage != SMTP_STAGE_END)
		abort();
}

static void
done(void *arg, struct smtp_trans *t)
{
	struct world	*w = arg;
	size_t		 i;

	if (w->done[t - w->trans]++ != 0)
		abort();
	for (i = 0; i < t->nrcpts; i++) {
		if (w->results[t - w->trans][i] != 1)
			abort();
	}
}

static const struct smtp_client_ops	 ops = { result, done };

/* Do all that it wants; 0 when it is over. */
static int
turn(struct world *w)
{
	enum smtp_want	 want;
	int		 plain, i;

	for (i = 0; i < 1000; i++) {
		want = smtp_client_next(&w->c, &w->out);
		buf_drain(&w->out, w->out.len);
		switch (want) {
		case SMTP_WANT_CLOSE:
			return 0;
		case SMTP_WANT_TLS:
			smtp_client_tls_done(&w->c);
			break;
		case SMTP_WANT_AUTH:
			if (smtp_client_auth(&w->c, &w->out, SMTP_MECH_PLAIN,
			    "x", 1) == -1)
				abort();
			break;
		case SMTP_WANT_AUTH_STEP:
			if (smtp_client_auth_step(&w->c, &w->out, "", 0) == -1)
				abort();
			break;
		case SMTP_WANT_BODY:
			if (smtp_client_body(&w->c, &plain) == NULL)
				abort();
			smtp_client_body_done(&w->c);
			break;
		case SMTP_WANT_MAIL:
			if (w->next < NTRANS) {
				smtp_client_mail(&w->c, &w->trans[w->next++]);
				break;
			}
			return 1;
		case SMTP_WANT_REPLY:
			return 1;
		}
	}
	abort();
}

static void
world_init(struct world *w, unsigned int flags)
{
	struct smtp_client_opts	 o = { .helo = "me" };
	size_t			 i, k;

	memset(w, 0, sizeof(*w));
	o.lmtp = flags & 1;
	o.auth = (flags & 2) != 0;
	o.tls = flags >> 2 & 3;
	o.eager = flags & 16 ? 1000 : 0;
	o.window = flags >> 5;
	buf_init(&w->out, 1 << 16);
	smtp_client_init(&w->c, &o, &ops, w);
	for (i = 0; i < NTRANS; i++) {
		w->trans[i].from = "";
		w->trans[i].rcpts = w->rcpts[i];
		w->trans[i].nrcpts = i + 1;
		w->trans[i].size = i * 10;
		for (k = 0; k <= i; k++)
			w->rcpts[i][k].addr = "a@b";
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct smtp_reply_parser rp;
	struct smtp_reply	 r;
	struct world		 w;
	const char		*p = (const char *)data + 1;
	size_t			 used;
	int			 i;

	if (len == 0)
		return 0;
	len--;
	world_init(&w, data[0]);
	smtp_reply_init(&rp);
	while (turn(&w)) {
		if (smtp_reply_parse(&rp, p, len, &used, &r) != CODEC_DONE)
			break;
		smtp_client_reply(&w.c, &r);
		p += used;
		len -= used;
	}
	smtp_client_lost(&w.c, NULL);
	if (turn(&w))
		abort();
	for (i = 0; i < w.next; i++) {
		if (w.done[i] != 1)
			abort();
	}
	smtp_reply_free(&rp);
	buf_free(&w.out);
	return 0;
}
