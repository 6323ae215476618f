#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "conn.h"
#include "ctlrow.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "verbs.h"

#define CLIENT_LINE	8192
#define CLIENT_MAX	64
#define CLIENT_OUTPUT	(64 * 1024 * 1024)
#define CLIENT_TARGETS	64

/* Who has not answered yet. */
struct target {
	uint8_t	 proc;
	uint8_t	 inst;
	uint8_t	 waiting;
	uint8_t	 wants;			/* to go on, with more rows */
};

struct client {
	uint32_t	 cookie;	/* of the request under way, 0 none */
	struct conn	*conn;
	struct target	 targets[CLIENT_TARGETS];
	unsigned	 ntargets;
	unsigned	 waiting;
	uint8_t		 ok;
	char		 text[MSG_TEXT + 1];
};

static struct hashtab	 clients;	/* by cookie; one each, always */
static uint32_t		 next_cookie = 1;

static void	on_conn(struct conn *, enum conn_event, void *);

static const void *
client_key(const void *entry, size_t *len)
{
	const struct client	*c = entry;

	*len = sizeof(c->cookie);
	return &c->cookie;
}

void
client_init(void)
{
	hashtab_init(&clients, client_key);
}

/* A new number for each request: late rows of an old one find nobody. */
static void
renumber(struct client *c)
{
	if (c->cookie != 0)
		hashtab_remove(&clients, &c->cookie, sizeof(c->cookie));
	if ((c->cookie = next_cookie++) == 0)
		c->cookie = next_cookie++;
	if (hashtab_insert(&clients, c) == -1)
		fatal("client");
}

static void
say_more(const struct target *t, uint32_t cookie, int stop)
{
	struct msg_ctl_more	 m = { .cookie = cookie,
				    .stop = (uint8_t)stop };

	(void)proc_send(t->proc, t->inst, M_CTL_MORE, &m, -1);
}

static void
client_free(struct client *c)
{
	unsigned	 i;

	for (i = 0; i < c->ntargets; i++)
		if (c->targets[i].wants)
			say_more(&c->targets[i], c->cookie, 1);
	hashtab_remove(&clients, &c->cookie, sizeof(c->cookie));
	conn_free(c->conn);
	free(c);
}

void
client_accept(const struct conf_listen *l, int fd, const struct addr *addr,
    uint32_t uid)
{
	struct client	*c;

	/* The socket's mode says so too; this holds wherever it is put. */
	if ((uid != 0 && uid != getuid()) || clients.count >= CLIENT_MAX ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	if ((c->conn = conn_new(fd, CLIENT_LINE, on_conn, c)) == NULL) {
		free(c);
		return;
	}
	conn_outmax(c->conn, CLIENT_OUTPUT);
	renumber(c);
}

static void
put(struct client *c, json_t *o)
{
	char	*line;

	if ((line = json_dumps(o, JSON_COMPACT)) == NULL)
		fatal("client");
	if (conn_writef(c->conn, "%s\n", line) == -1)
		log_debug("mailctl does not read");
	free(line);
	json_decref(o);
}

static void
finish(struct client *c)
{
	put(c, json_pack("{s:b, s:b, s:s}", "end", 1, "ok", c->ok, "text",
	    c->text));
	c->ntargets = 0;
	conn_again(c->conn);
}

static void
refuse(struct client *c, const char *text)
{
	c->ok = 0;
	strlcpy(c->text, text, sizeof(c->text));
	finish(c);
}

/* ---- a request ---------------------------------------------------------- */

static const char *
string_of(json_t *o, const char *name, size_t max)
{
	const char	*s;

	s = json_string_value(json_object_get(o, name));
	return s == NULL || strlen(s) > max ? "" : s;
}

static void
ask(struct client *c, const struct verb *v, const struct msg_ctl *m)
{
	struct target	*t;
	unsigned	 p, i, n;

	for (p = 0; p < PROC_MAX; p++) {
		if (!(v->to & TO(p)))
			continue;
		n = p == PROC_PARENT ? 1 : proc_count(p);
		for (i = 0; i < n && c->ntargets < CLIENT_TARGETS; i++) {
			if (proc_send(p, i, M_CTL, m, -1) == -1)
				continue;
			t = &c->targets[c->ntargets++];
			*t = (struct target){ p, i, 1, 0 };
			c->waiting++;
		}
	}
	if (c->waiting == 0)
		refuse(c, "the process that knows is not running");
}

static void
request(struct client *c, const char *line, size_t len)
{
	struct msg_ctl		 m = { 0 };
	const struct verb	*v;
	const char		*id;
	json_t			*o;

	renumber(c);
	c->ok = 1;
	c->text[0] = '\0';
	if ((o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL)) == NULL ||
	    (v = verb_find(string_of(o, "verb", 64))) == NULL) {
		json_decref(o);
		refuse(c, "not a request");
		return;
	}
	id = string_of(o, "id", 64);
	m.cookie = c->cookie;
	m.verb = v->verb;
	m.sender = string_of(o, "sender", MSG_ADDRESS);
	m.rcpt = string_of(o, "rcpt", MSG_ADDRESS);
	m.arg = string_of(o, "arg", MSG_TEXT);
	m.older = json_integer_value(json_object_get(o, "older"));
	if (id[0] != '\0' && proc_parse_id(id, &m.id) == -1)
		refuse(c, "not a message id");
	else
		ask(c, v, &m);
	json_decref(o);
}

/* mailctl has read what there was. */
static void
drained(struct client *c)
{
	unsigned	 i;

	for (i = 0; i < c->ntargets; i++)
		if (c->targets[i].wants) {
			c->targets[i].wants = 0;
			say_more(&c->targets[i], c->cookie, 0);
		}
}

static void
on_conn(struct conn *conn, enum conn_event ev, void *arg)
{
	struct client	*c = arg;
	const uint8_t	*in, *nl;
	size_t		 len;

	switch (ev) {
	case CONN_READABLE:
		in = conn_in(conn, &len);
		if (c->waiting > 0 || len == 0)
			return;
		if ((nl = memchr(in, '\n', len)) == NULL) {
			if (len >= CLIENT_LINE)
				client_free(c);
			return;
		}
		request(c, (const char *)in, nl - in);
		conn_consume(conn, nl + 1 - in);
		break;
	case CONN_DRAINED:
		drained(c);
		break;
	case CONN_EOF:
	case CONN_ERROR:
	case CONN_TIMEOUT:
		client_free(c);
		break;
	default:
		break;
	}
}

/* ---- the answer --------------------------------------------------------- */

static struct client *
client_find(uint32_t cookie)
{
	return hashtab_find(&clients, &cookie, sizeof(cookie));
}

/* It was asked, and has not come to its end. */
static struct target *
target_find(struct client *c, enum proc_id proc, unsigned inst)
{
	unsigned	 i;

	for (i = 0; i < c->ntargets; i++)
		if (c->targets[i].proc == proc && c->targets[i].inst == inst &&
		    c->targets[i].waiting)
			return &c->targets[i];
	return NULL;
}

void
client_row(const struct proc_from *from, const struct msg_ctl_row *m)
{
	struct client	*c;
	const char	*name, *value;
	json_t		*o, *v;
	size_t		 off = 0;
	int		 kind;

	/* Who was not asked has no say in another's answer. */
	if ((c = client_find(m->cookie)) == NULL ||
	    target_find(c, from->proc, from->inst) == NULL)
		return;
	if ((o = json_object()) == NULL)
		fatal("client");
	while ((kind = ctlrow_next(&m->row, &off, &name, &value)) > 0) {
		if (kind == 'n')
			v = json_integer(strtoll(value, NULL, 10));
		else if ((v = json_string(value)) == NULL)
			v = json_string("(not UTF-8)");
		json_object_set_new(o, name, v);
	}
	if (kind == -1) {
		json_decref(o);
		proc_bad(from, "malformed row");
	} else
		put(c, o);
}

/* Rows without an end: on with them when mailctl has these. */
void
client_wait(const struct proc_from *from, const struct msg_ctl_wait *m)
{
	struct target	 nobody = { from->proc, from->inst, 0, 0 }, *t = NULL;
	struct client	*c;

	if ((c = client_find(m->cookie)) != NULL)
		t = target_find(c, from->proc, from->inst);
	if (t == NULL)
		say_more(&nobody, m->cookie, 1);
	else if (conn_pending(c->conn) == 0)
		say_more(t, m->cookie, 0);
	else
		t->wants = 1;
}

static void
answered(struct client *c, enum proc_id proc, unsigned inst, int ok,
    const char *text)
{
	struct target	*t;

	if ((t = target_find(c, proc, inst)) == NULL)
		return;
	t->waiting = 0;
	if (!ok)
		c->ok = 0;
	/* Several may have something to say, but not twice the same. */
	if (text[0] != '\0' && strcmp(text, c->text) != 0) {
		if (c->text[0] != '\0')
			(void)strlcat(c->text, "; ", sizeof(c->text));
		(void)strlcat(c->text, text, sizeof(c->text));
	}
	if (--c->waiting == 0)
		finish(c);
}

void
client_end(const struct proc_from *from, const struct msg_ctl_end *m)
{
	struct client	*c;

	if ((c = client_find(m->cookie)) != NULL)
		answered(c, from->proc, from->inst, m->ok, m->text);
}

void
client_peer_gone(enum proc_id proc, unsigned inst)
{
	struct client	*c;
	size_t		 iter = 0;

	while ((c = hashtab_next(&clients, &iter)) != NULL) {
		if (c->waiting > 0)
			answered(c, proc, inst, 0, "a process ended meanwhile");
	}
}
