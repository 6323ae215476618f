#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stub.h"

struct stub_sent	 stub_sent[STUB_SENT];
unsigned		 stub_nsent;
uint64_t		 stub_ms = 1000000;
int			 stub_away;
unsigned		 stub_nbad;

const char *const proc_names[PROC_MAX] = {
	"parent", "control", "smtp", "relay", "imap", "queue", "store",
	"lookup", "auth", "crypto", "scan"
};

int
proc_send(enum proc_id to, unsigned inst, uint32_t type, const void *msg,
    int fd)
{
	const struct msg_auth_r		*r = msg;
	const struct msg_auth_challenge	*c = msg;
	const struct msg_grant		*g = msg;
	struct stub_sent		*s;

	if (type == M_GRANT && stub_away)
		return -1;
	if (stub_nsent == STUB_SENT)
		abort();
	s = &stub_sent[stub_nsent++];
	memset(s, 0, sizeof(*s));
	s->to = to;
	s->inst = inst;
	s->type = type;
	switch (type) {
	case M_AUTH_R:
		s->sid = r->sid;
		s->result = r->result;
		strlcpy(s->account, r->account, sizeof(s->account));
		if (r->final.len > 0)
			memcpy(s->data, r->final.data, r->final.len);
		s->len = r->final.len;
		break;
	case M_AUTH_CHALLENGE:
		s->sid = c->sid;
		if (c->data.len > 0)
			memcpy(s->data, c->data.data, c->data.len);
		s->len = c->data.len;
		break;
	case M_GRANT:
		s->grant = *g;
		strlcpy(s->account, g->account, sizeof(s->account));
		break;
	case M_CTL_ROW:
		memcpy(s->data, ((const struct msg_ctl_row *)msg)->row.data,
		    ((const struct msg_ctl_row *)msg)->row.len);
		s->len = ((const struct msg_ctl_row *)msg)->row.len;
		break;
	case M_CTL_END:
		s->result = ((const struct msg_ctl_end *)msg)->ok;
		break;
	default:
		abort();
	}
	return 0;
}

void
proc_bad(const struct proc_from *from, const char *fmt, ...)
{
	stub_nbad++;
}

/* Of all workers together 20,000 exchanges are taken: 500 of one of them. */
unsigned
proc_count(enum proc_id id)
{
	return id == PROC_SMTP ? 39 : 1;
}

void
proc_count_add(const char *name, uint64_t n)
{
}

uint64_t
proc_now_ms(void)
{
	return stub_ms;
}

const char *
proc_print_id(uint64_t id, char *s)
{
	snprintf(s, PROC_IDLEN, "%llu", (unsigned long long)id);
	return s;
}
