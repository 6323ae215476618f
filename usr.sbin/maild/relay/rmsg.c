/* One message of queue's for one domain. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "proc.h"
#include "rmsg.h"

#define RMSG_MAX_RCPTS	10000	/* of one message, from queue */

/* Recipients that came; their message has not yet. */
static struct rmsg_rcpt	*rmsg_next;
static size_t		 rmsg_nnext;
static uint64_t		 rmsg_next_id;
static size_t		 rmsg_total;

static char *
rmsg_strdup(const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL)
		fatal("rmsg");
	return copy;
}

static void
rmsg_rcpts_free(struct rmsg_rcpt *r, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		free(r[i].rcpt);
		free(r[i].orcpt);
	}
	free(r);
}

void
rmsg_forget(void)
{
	rmsg_rcpts_free(rmsg_next, rmsg_nnext);
	rmsg_next = NULL;
	rmsg_nnext = 0;
}

void
rmsg_add_rcpt(const struct msg_relay_rcpt *m)
{
	struct rmsg_rcpt	*r;

	if (rmsg_nnext > 0 && rmsg_next_id != m->id)
		fatalx("queue mixes the recipients of two messages");
	if (rmsg_nnext == RMSG_MAX_RCPTS)
		fatalx("queue sends too many recipients");
	/* Doubles whenever the count is a power of two. */
	if ((rmsg_nnext & (rmsg_nnext - 1)) == 0) {
		rmsg_next = reallocarray(rmsg_next, rmsg_nnext == 0 ? 1 :
		    2 * rmsg_nnext, sizeof(*r));
		if (rmsg_next == NULL)
			fatal("rmsg");
	}
	rmsg_next_id = m->id;
	r = &rmsg_next[rmsg_nnext++];
	r->n = m->n;
	r->notify = m->notify;
	r->done = 0;
	r->rcpt = rmsg_strdup(m->rcpt);
	r->orcpt = rmsg_strdup(m->orcpt);
}

struct rmsg *
rmsg_new(const struct msg_relay *m, int fd)
{
	struct rmsg	*rm;

	if (m->count == 0 || m->count != rmsg_nnext || m->id != rmsg_next_id)
		fatalx("queue miscounts the recipients of a message");
	if ((rm = calloc(1, sizeof(*rm))) == NULL)
		fatal("rmsg");
	rm->id = m->id;
	rm->flags = m->flags;
	rm->size = m->size;
	rm->fd = fd;
	rm->domain = rmsg_strdup(m->domain);
	rm->sender = rmsg_strdup(m->sender);
	rm->envid = rmsg_strdup(m->envid);
	if ((rm->prefixlen = m->prefix.len) > 0) {
		if ((rm->prefix = malloc(m->prefix.len)) == NULL)
			fatal("rmsg");
		memcpy(rm->prefix, m->prefix.data, m->prefix.len);
	}
	rm->rcpts = rmsg_next;
	rm->nrcpts = rm->nopen = rmsg_nnext;
	rmsg_next = NULL;
	rmsg_nnext = 0;
	rmsg_total++;
	return rm;
}

static uint32_t
rmsg_trans_flags(uint32_t env)
{
	uint32_t	 flags = 0;

	if (env & (ENV_8BIT | ENV_BINARY))
		flags |= SMTP_TRANS_8BIT;
	if (env & ENV_UTF8)
		flags |= SMTP_TRANS_UTF8;
	if (env & ENV_REQUIRETLS)
		flags |= SMTP_TRANS_REQUIRETLS;
	if (env & ENV_RET_FULL)
		flags |= SMTP_TRANS_RET_FULL;
	if (env & ENV_RET_HDRS)
		flags |= SMTP_TRANS_RET_HDRS;
	return flags;
}

struct smtp_trans *
rmsg_begin(struct rmsg *rm, size_t max)
{
	struct smtp_trans	*t = &rm->trans;
	size_t			 i, n = 0;

	if (rm->trcpts == NULL) {
		i = rm->nrcpts < RMSG_RCPTS ? rm->nrcpts : RMSG_RCPTS;
		rm->trcpts = calloc(i, sizeof(*rm->trcpts));
		rm->map = calloc(i, sizeof(*rm->map));
		if (rm->trcpts == NULL || rm->map == NULL)
			fatal("rmsg");
	}
	if (max == 0 || max > RMSG_RCPTS)
		max = RMSG_RCPTS;
	memset(t, 0, sizeof(*t));
	for (i = 0; i < rm->nrcpts && n < max; i++) {
		if (rm->rcpts[i].done)
			continue;
		memset(&rm->trcpts[n], 0, sizeof(rm->trcpts[n]));
		rm->trcpts[n].addr = rm->rcpts[i].rcpt;
		rm->trcpts[n].orcpt = rm->rcpts[i].orcpt;
		rm->trcpts[n].notify = rm->rcpts[i].notify;
		rm->map[n++] = i;
	}
	t->arg = rm;
	t->from = rm->sender;
	t->envid = rm->envid;
	t->size = rm->prefixlen + rm->size;
	t->flags = rmsg_trans_flags(rm->flags);
	t->rcpts = rm->trcpts;
	t->nrcpts = n;
	rm->lost = rm->relayed = 0;
	return t;
}

void
rmsg_result(struct rmsg *rm, size_t rcpt, const struct rmsg_result *res)
{
	static const char *const counters[] = {
		[RELAY_OK] = "relay.rcpt.ok",
		[RELAY_TEMP] = "relay.rcpt.deferred",
		[RELAY_PERM] = "relay.rcpt.refused",
	};
	struct msg_relay_rcpt_r	 m;

	if (rm->rcpts[rcpt].done)
		return;
	rm->rcpts[rcpt].done = 1;
	rm->nopen--;
	memset(&m, 0, sizeof(m));
	m.id = rm->id;
	m.n = rm->rcpts[rcpt].n;
	m.result = (uint8_t)res->result;
	m.code = res->code;
	m.dsn = res->dsn;
	m.enhanced = res->enhanced;
	m.text = res->text;
	m.host = res->host;
	(void)proc_send(PROC_QUEUE, 0, M_RELAY_RCPT_R, &m, -1);
	proc_count_add(counters[res->result], 1);
}

void
rmsg_result_all(struct rmsg *rm, const struct rmsg_result *res)
{
	size_t	 i;

	for (i = 0; i < rm->nrcpts; i++)
		rmsg_result(rm, i, res);
}

void
rmsg_end(struct rmsg *rm)
{
	struct msg_relay_r	 m;

	m.id = rm->id;
	(void)proc_send(PROC_QUEUE, 0, M_RELAY_R, &m, -1);
	rmsg_free(rm);
}

void
rmsg_free(struct rmsg *rm)
{
	close(rm->fd);
	rmsg_rcpts_free(rm->rcpts, rm->nrcpts);
	free(rm->trcpts);
	free(rm->map);
	free(rm->domain);
	free(rm->sender);
	free(rm->envid);
	free(rm->prefix);
	free(rm);
	rmsg_total--;
}

size_t
rmsg_count(void)
{
	return rmsg_total;
}
