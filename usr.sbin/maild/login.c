#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "libutil/base64.h"
#include "libutil/log.h"
#include "proc.h"

#define LOGIN_NAME	512	/* bytes of a name, or of a password */

/* In the order in which they are offered. */
static const struct {
	const char	*name;
	uint8_t		 mech;
} mechs[] = {
	{ "PLAIN",		MECH_PLAIN },
	{ "LOGIN",		MECH_LOGIN },
	{ "SCRAM-SHA-256",	MECH_SCRAM256 },
	{ "SCRAM-SHA-256-PLUS",	MECH_SCRAM256_PLUS }
};
#define NMECHS	(sizeof(mechs) / sizeof(mechs[0]))

const char *
login_mechs(const struct caller *c)
{
	return c->tls ? "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS" :
	    "PLAIN SCRAM-SHA-256";
}

static void
reset(struct caller *c)
{
	struct login	*l = &c->login;

	if (l->name != NULL)
		freezero(l->name, strlen(l->name));
	l->name = NULL;
	l->state = LOGIN_NONE;
	l->auth_ok = l->granted = l->final = 0;
}

void
login_end(struct caller *c)
{
	struct msg_session_end	 end = { .sid = c->sid };

	/* Also when it is the client's turn: auth keeps the exchange. */
	if (c->login.begun)
		(void)proc_send(PROC_AUTH, 0, M_SESSION_END, &end, -1);
	c->login.begun = 0;
	reset(c);
}

/*
 * The exchange is over without success.  auth is told in any case: it may wait
 * for the client's next line, and a second exchange of a session beside a
 * first is an error to it.  Where auth has said yes before, a grant is on its
 * way to the keeper, and nobody else may come to use it: the session ends.
 */
static void
fail(struct caller *c, enum login_why why, const char *text)
{
	struct msg_auth_abort	 m = { .sid = c->sid };
	struct login		*l = &c->login;
	int			 end;

	end = c->account != NULL || why == LOGIN_LIMIT || (l->failures > 0 &&
	    conf_over(l->failures, caller_conf()->limits.auth_failures));
	if (l->begun)
		(void)proc_send(PROC_AUTH, 0, M_AUTH_ABORT, &m, -1);
	reset(c);
	free(c->account);
	c->account = NULL;
	c->proto->not_logged_in(c, why, text, end);
}

/* Wrong, as far as the client hears: he may try again, some times. */
static void
fail_bad(struct caller *c)
{
	proc_count_add(c->proto->n_refused, 1);
	c->login.failures++;
	fail(c, LOGIN_BAD, "");
}

static void
ask(struct caller *c, const char *prompt, size_t len)
{
	c->login.state = LOGIN_HIM;
	c->proto->challenge(c, prompt, len);
}

static void
start(struct caller *c, uint8_t mech, int has_initial, const void *data,
    size_t len)
{
	struct msg_auth_start	 m = { .sid = c->sid, .mech = mech,
	    .service = c->proto->service, .tls = c->tls, .client = c->addr,
	    .has_initial = has_initial };
	uint8_t			 binding[32];

	m.initial.data = data;
	m.initial.len = len;
	if (mech == MECH_SCRAM256_PLUS &&
	    conn_binding(c->conn, binding) == 0) {
		m.binding.data = binding;
		m.binding.len = sizeof(binding);
	}
	c->login.begun = 1;
	c->login.state = LOGIN_JUDGE;
	if (proc_send(PROC_AUTH, 0, M_AUTH_START, &m, -1) == -1)
		fail(c, LOGIN_TEMP, "");
}

static void
proceed(struct caller *c, const void *data, size_t len)
{
	struct msg_auth_cont	 m = { .sid = c->sid };

	m.data.data = data;
	m.data.len = len;
	c->login.state = LOGIN_JUDGE;
	if (proc_send(PROC_AUTH, 0, M_AUTH_CONT, &m, -1) == -1)
		fail(c, LOGIN_TEMP, "");
}

void
login_plain(struct caller *c, struct span name, struct span password)
{
	char	 plain[2 * LOGIN_NAME + 2];
	size_t	 n = name.len;

	/* A NUL would move the border between the two. */
	if (name.len > LOGIN_NAME || password.len > LOGIN_NAME ||
	    memchr(name.p, '\0', name.len) != NULL ||
	    memchr(password.p, '\0', password.len) != NULL) {
		fail_bad(c);
		return;
	}
	plain[0] = '\0';
	memcpy(plain + 1, name.p, n);
	plain[1 + n] = '\0';
	memcpy(plain + 2 + n, password.p, password.len);
	start(c, MECH_PLAIN, 1, plain, n + 2 + password.len);
	explicit_bzero(plain, sizeof(plain));
}

/* LOGIN asks for name and password one by one: to auth it is PLAIN. */
static void
login_step(struct caller *c, const void *data, size_t len)
{
	struct span	 name, pass = { data, len };
	char		*p;

	if (c->login.name == NULL) {
		if (len > LOGIN_NAME || memchr(data, '\0', len) != NULL) {
			fail_bad(c);
			return;
		}
		if ((c->login.name = strndup(data, len)) == NULL)
			fatal("login");
		ask(c, "Password:", 9);
		return;
	}
	p = c->login.name;
	c->login.name = NULL;
	name.p = p;
	name.len = strlen(p);
	login_plain(c, name, pass);
	free(p);
}

void
login_begin(struct caller *c, struct span mech, struct span initial)
{
	uint8_t	 data[MSG_SASL];
	size_t	 i;
	int	 n = 0;

	for (i = 0; i < NMECHS; i++) {
		if (span_ieqs(mech, mechs[i].name))
			break;
	}
	if (i == NMECHS ||
	    (mechs[i].mech == MECH_LOGIN && !c->proto->mech_login) ||
	    (mechs[i].mech == MECH_SCRAM256_PLUS && !c->tls)) {
		fail(c, LOGIN_MECH, "");
		return;
	}
	c->login.mech = mechs[i].mech;
	if (initial.len > 0 && !span_ieqs(initial, "=") &&
	    (n = base64_decode(data, sizeof(data), initial.p,
	    initial.len)) == -1) {
		fail(c, LOGIN_SYNTAX, "");
		return;
	}
	if (c->login.mech == MECH_LOGIN && initial.p != NULL)
		login_step(c, data, (size_t)n);
	else if (c->login.mech == MECH_LOGIN)
		ask(c, "Username:", 9);
	else if (initial.p != NULL)
		start(c, c->login.mech, 1, data, (size_t)n);
	else if (c->login.mech == MECH_PLAIN)
		ask(c, "", 0);
	else
		start(c, c->login.mech, 0, data, 0);
	explicit_bzero(data, (size_t)n);
}

/* Both have said yes, and the client has heard the last of SCRAM. */
static void
done(struct caller *c)
{
	if (!c->login.auth_ok || !c->login.granted)
		return;
	c->login.state = LOGIN_NONE;
	c->login.auth_ok = c->login.granted = 0;
	proc_count_add(c->proto->n_logins, 1);
	caller_known(c);
	c->proto->logged_in(c);
}

/* The client's empty answer to the additional data of success. */
static void
heard_final(struct caller *c, size_t n)
{
	if (n > 0) {
		fail_bad(c);
		return;
	}
	c->login.final = 0;
	c->login.auth_ok = 1;
	c->login.state = LOGIN_JUDGE;
	done(c);
}

void
login_line(struct caller *c, struct span line)
{
	uint8_t	 data[MSG_SASL];
	int	 n = 0;

	if (line.len == 1 && line.p[0] == '*') {
		fail(c, LOGIN_CANCELLED, "");
		return;
	}
	if (line.len > 0 && (n = base64_decode(data, sizeof(data), line.p,
	    line.len)) == -1) {
		fail(c, LOGIN_SYNTAX, "");
		return;
	}
	if (c->login.final)
		heard_final(c, (size_t)n);
	else if (c->login.mech == MECH_LOGIN)
		login_step(c, data, (size_t)n);
	else if (c->login.mech == MECH_PLAIN)
		start(c, MECH_PLAIN, 1, data, (size_t)n);
	else
		proceed(c, data, (size_t)n);
	explicit_bzero(data, (size_t)n);
}

void
login_malformed(struct caller *c)
{
	fail(c, LOGIN_SYNTAX, "");
}

void
login_lost(struct caller *c)
{
	fail(c, LOGIN_TEMP, "");
}

/* ---- what auth and the keeper say --------------------------------------- */

void
login_on_challenge(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_challenge	*m = msg;
	struct caller			*c;

	if ((c = caller_any(m->sid)) == NULL || c->login.state != LOGIN_JUDGE)
		return;
	c->login.state = LOGIN_HIM;
	c->proto->challenge(c, m->data.data, m->data.len);
}

static void
accepted(struct caller *c, const struct msg_auth_r *m)
{
	free(c->account);
	if ((c->account = strdup(m->account)) == NULL)
		fatal("login");
	if (m->final.len > 0) {
		/* No protocol has a place for it but one more challenge. */
		c->login.final = 1;
		c->login.state = LOGIN_HIM;
		c->proto->challenge(c, m->final.data, m->final.len);
		return;
	}
	c->login.auth_ok = 1;
	done(c);
}

void
login_on_result(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_r	*m = msg;
	struct caller		*c;

	if ((c = caller_any(m->sid)) == NULL ||
	    c->login.state != LOGIN_JUDGE || c->login.auth_ok)
		return;
	switch (m->result) {
	case AUTH_OK:
		accepted(c, m);
		break;
	case AUTH_BAD:
		fail_bad(c);
		break;
	case AUTH_LIMIT:
		fail(c, LOGIN_LIMIT, m->text);
		break;
	case AUTH_INUSE:
		fail(c, LOGIN_INUSE, m->text);
		break;
	case AUTH_DELAY:
		fail(c, LOGIN_DELAY, m->text);
		break;
	default:
		fail(c, LOGIN_TEMP, m->text);
		break;
	}
}

void
login_on_granted(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_granted	*m = msg;
	struct caller			*c;

	if ((c = caller_any(m->sid)) == NULL || c->login.state == LOGIN_NONE)
		return;
	if (!m->ok) {
		/* The keeper knows of no grant then. */
		free(c->account);
		c->account = NULL;
		fail(c, LOGIN_TEMP, m->text);
		return;
	}
	c->login.granted = 1;
	done(c);
}
