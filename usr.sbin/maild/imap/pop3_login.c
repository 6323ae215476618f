/* USER and PASS, and AUTH (RFC 5034): the judge is auth. */
#include <stdlib.h>
#include <string.h>

#include "libpop3/pop3_put.h"
#include "libutil/base64.h"
#include "libutil/log.h"
#include "pop3_session.h"
#include "proc.h"

#define LOGIN_NAME	512

static const struct {
	const char	*name;
	uint8_t		 mech;
} mechs[] = {
	{ "PLAIN",		MECH_PLAIN },
	{ "SCRAM-SHA-256",	MECH_SCRAM256 },
	{ "SCRAM-SHA-256-PLUS",	MECH_SCRAM256_PLUS }
};
#define NMECHS	(sizeof(mechs) / sizeof(mechs[0]))

const char *
pop3_login_mechs(const struct pop3_session *s)
{
	return s->st.flags & POP3_TLS ?
	    "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS" : "PLAIN SCRAM-SHA-256";
}

/* The login is over without success; it may be tried again. */
static void
fail(struct pop3_session *s, const char *code, const char *text)
{
	s->auth_ok = s->granted = s->final = 0;
	free(s->account);
	s->account = NULL;
	(void)pop3_state_event(&s->st, POP3_EV_LOGIN_NO);
	pop3_session_err(s, code, text);
	if (s->auth_failures > 0 && conf_over(s->auth_failures,
	    pop3_session_config()->limits.auth_failures))
		pop3_session_close(s);
	else
		pop3_session_done(s);
}

/* The same where auth does not know it yet. */
static void
give_up(struct pop3_session *s, const char *text)
{
	struct msg_auth_abort	 m = { .sid = s->sid };

	(void)proc_send(PROC_AUTH, 0, M_AUTH_ABORT, &m, -1);
	s->errors++;
	if (s->final) {
		/* A grant is under way that nobody wants any more. */
		pop3_session_err(s, NULL, text);
		pop3_session_close(s);
		return;
	}
	fail(s, NULL, text);
}

static void
start(struct pop3_session *s, int has_initial, const void *data, size_t len)
{
	struct msg_auth_start	 m = { .sid = s->sid, .mech = s->mech,
	    .service = SERVICE_POP3, .client = s->client,
	    .has_initial = has_initial };
	uint8_t			 binding[32];

	m.tls = (s->st.flags & POP3_TLS) != 0;
	m.initial.data = data;
	m.initial.len = len;
	if (s->mech == MECH_SCRAM256_PLUS &&
	    conn_binding(s->conn, binding) == 0) {
		m.binding.data = binding;
		m.binding.len = sizeof(binding);
	}
	s->wait = POP3_WAIT_AUTH;
	if (proc_send(PROC_AUTH, 0, M_AUTH_START, &m, -1) == -1)
		fail(s, "SYS/TEMP", "Try again later");
}

void
pop3_login_pass(struct pop3_session *s, struct span password)
{
	char	 plain[2 * LOGIN_NAME + 2];
	size_t	 n = strlen(s->user);

	(void)pop3_state_event(&s->st, POP3_EV_SASL);
	s->mech = MECH_PLAIN;
	if (password.len > LOGIN_NAME) {
		s->auth_failures++;
		fail(s, "AUTH", "Authentication failed");
		return;
	}
	plain[0] = '\0';
	memcpy(plain + 1, s->user, n + 1);
	memcpy(plain + 2 + n, password.p, password.len);
	free(s->user);
	s->user = NULL;
	start(s, 1, plain, n + 2 + password.len);
	explicit_bzero(plain, sizeof(plain));
}

/* Lines from now on are the client's part of the exchange. */
static void
challenge(struct pop3_session *s, const void *data, size_t len)
{
	if (pop3_put_challenge(conn_out(s->conn), data, len) == -1)
		log_debug("answer dropped");
	conn_out_done(s->conn);
	s->wait = POP3_WAIT_NONE;
	conn_again(s->conn);
}

/* Some clients of old ask so for what CAPA says now. */
static void
show_mechs(struct pop3_session *s)
{
	size_t	 i;

	(void)conn_writef(s->conn, "+OK Mechanisms follow\r\n");
	for (i = 0; i < NMECHS; i++) {
		if (mechs[i].mech != MECH_SCRAM256_PLUS ||
		    s->st.flags & POP3_TLS)
			(void)conn_writef(s->conn, "%s\r\n", mechs[i].name);
	}
	(void)conn_writef(s->conn, ".\r\n");
}

void
pop3_login_auth(struct pop3_session *s, const struct pop3_command *c)
{
	uint8_t	 data[MSG_SASL];
	size_t	 i;
	int	 n = 0;

	if (c->mech.p == NULL) {
		show_mechs(s);
		return;
	}
	for (i = 0; i < NMECHS; i++) {
		if (span_ieqs(c->mech, mechs[i].name))
			break;
	}
	if (i == NMECHS || (mechs[i].mech == MECH_SCRAM256_PLUS &&
	    !(s->st.flags & POP3_TLS))) {
		s->errors++;
		pop3_session_err(s, NULL, "Mechanism is not offered");
		return;
	}
	/* "=" is the empty one. */
	if (c->initial.p != NULL && !span_ieqs(c->initial, "=") &&
	    (n = base64_decode(data, sizeof(data), c->initial.p,
	    c->initial.len)) == -1) {
		s->errors++;
		pop3_session_err(s, NULL, "That is not base64");
		return;
	}
	(void)pop3_state_event(&s->st, POP3_EV_SASL);
	s->mech = mechs[i].mech;
	if (c->initial.p != NULL)
		start(s, 1, data, (size_t)n);
	else if (s->mech == MECH_PLAIN)
		challenge(s, "", 0);
	else
		start(s, 0, data, 0);
	explicit_bzero(data, (size_t)n);
}

/* auth and store have both agreed, and the client heard the last of SCRAM. */
static void
done(struct pop3_session *s)
{
	if (!s->auth_ok || !s->granted)
		return;
	s->auth_failures = 0;
	pop3_open(s);
}

void
pop3_login_line(struct pop3_session *s, struct span line)
{
	struct msg_auth_cont	 m = { .sid = s->sid };
	uint8_t			 data[MSG_SASL];
	int			 n = 0;

	if (span_ieqs(line, "*")) {
		give_up(s, "Authentication cancelled");
		return;
	}
	if (line.len > 0 && (n = base64_decode(data, sizeof(data), line.p,
	    line.len)) == -1) {
		give_up(s, "That is not base64");
		return;
	}
	s->wait = POP3_WAIT_AUTH;
	if (s->final) {
		s->final = 0;
		s->auth_ok = 1;
		done(s);
	} else if (s->mech == MECH_PLAIN)
		start(s, 1, data, (size_t)n);
	else {
		m.data.data = data;
		m.data.len = (size_t)n;
		if (proc_send(PROC_AUTH, 0, M_AUTH_CONT, &m, -1) == -1)
			fail(s, "SYS/TEMP", "Try again later");
	}
	explicit_bzero(data, (size_t)n);
}

void
pop3_login_malformed(struct pop3_session *s)
{
	give_up(s, "That is no base64 line");
}

void
pop3_login_challenge(struct pop3_session *s, const struct msg_blob *data)
{
	challenge(s, data->data, data->len);
}

static void
accepted(struct pop3_session *s, const struct msg_auth_r *m)
{
	free(s->account);
	if ((s->account = strdup(m->account)) == NULL)
		fatal("login");
	if (m->final.len > 0) {
		/* RFC 5034 has no place for it but one more challenge. */
		s->final = 1;
		challenge(s, m->final.data, m->final.len);
		return;
	}
	s->auth_ok = 1;
	done(s);
}

void
pop3_login_result(struct pop3_session *s, const struct msg_auth_r *m)
{
	switch (m->result) {
	case AUTH_OK:
		accepted(s, m);
		break;
	case AUTH_BAD:
		proc_count_add("pop3_logins_refused", 1);
		s->auth_failures++;
		fail(s, "AUTH", "Authentication failed");
		break;
	case AUTH_INUSE:
		fail(s, "IN-USE", "Too many sessions of this account");
		break;
	case AUTH_DELAY:
		fail(s, "LOGIN-DELAY", "Too soon after the last login");
		break;
	case AUTH_LIMIT:
		pop3_session_err(s, "SYS/TEMP", m->text);
		pop3_session_close(s);
		break;
	default:
		fail(s, "SYS/TEMP", "Try again later");
		break;
	}
}

void
pop3_login_granted(struct pop3_session *s, const struct msg_granted *m)
{
	if (!m->ok) {
		pop3_session_err(s, "SYS/TEMP", m->text[0] != '\0' ? m->text :
		    "The maildrop is not available, try again later");
		pop3_session_close(s);
		return;
	}
	s->granted = 1;
	done(s);
}

void
pop3_login_lost(struct pop3_session *s)
{
	/* Where the client's line is awaited, that gets the bad news. */
	if (s->wait == POP3_WAIT_AUTH && !s->auth_ok)
		fail(s, "SYS/TEMP", "Try again later");
}
