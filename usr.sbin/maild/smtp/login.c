/* AUTH (RFC 4954): the exchange is auth's, the lines are ours. */
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_sasl.h"
#include "libutil/log.h"
#include "proc.h"
#include "session.h"

#define LOGIN_NAME	512

static const struct {
	uint32_t	 bit;
	uint8_t		 mech;
} mechs[] = {
	{ SMTP_MECH_PLAIN,		MECH_PLAIN },
	{ SMTP_MECH_LOGIN,		MECH_LOGIN },
	{ SMTP_MECH_SCRAM_SHA256,	MECH_SCRAM256 },
	{ SMTP_MECH_SCRAM_SHA256_PLUS,	MECH_SCRAM256_PLUS }
};

static void
challenge(struct session *s, const void *data, size_t len)
{
	if (smtp_sasl_challenge(conn_out(s->conn), data, len) == -1)
		log_debug("reply dropped");
	conn_out_done(s->conn);
}

/*
 * The exchange is over without success; the line may be tried again.  auth is
 * told in any case: it may wait for the client's next line, and a second
 * exchange of a session beside a first is an error to it.
 */
void
login_fail(struct session *s, int code, const char *text)
{
	struct msg_auth_abort	 m = { .sid = s->sid };

	(void)proc_send(PROC_AUTH, 0, M_AUTH_ABORT, &m, -1);
	(void)smtp_server_event(&s->st, SMTP_EV_AUTH_NO);
	if (s->login != NULL)
		freezero(s->login, strlen(s->login));
	s->login = NULL;
	free(s->account);
	s->account = NULL;
	s->auth_ok = s->granted = s->final = 0;
	session_reply(s, code, text);
	session_continue(s);
}

static void
start(struct session *s, uint8_t mech, int has_initial, const void *data,
    size_t len)
{
	struct msg_auth_start	 m = { .sid = s->sid, .mech = mech,
	    .service = SERVICE_SMTP, .client = s->client,
	    .has_initial = has_initial };
	uint8_t			 binding[32];

	m.tls = (s->st.flags & SMTP_SERVER_TLS) != 0;
	m.initial.data = data;
	m.initial.len = len;
	if (mech == MECH_SCRAM256_PLUS &&
	    conn_binding(s->conn, binding) == 0) {
		m.binding.data = binding;
		m.binding.len = sizeof(binding);
	}
	s->wait = WAIT_AUTH;
	if (proc_send(PROC_AUTH, 0, M_AUTH_START, &m, -1) == -1)
		login_fail(s, 454, "4.7.0 Try again later");
}

static void
proceed(struct session *s, const void *data, size_t len)
{
	struct msg_auth_cont	 m = { .sid = s->sid };

	m.data.data = data;
	m.data.len = len;
	s->wait = WAIT_AUTH;
	if (proc_send(PROC_AUTH, 0, M_AUTH_CONT, &m, -1) == -1)
		login_fail(s, 454, "4.7.0 Try again later");
}

/* LOGIN asks for name and password one by one: to auth it is PLAIN. */
static void
login_step(struct session *s, const char *data, size_t len)
{
	char	 plain[2 * LOGIN_NAME + 2];
	size_t	 n;

	if (len > LOGIN_NAME || memchr(data, '\0', len) != NULL) {
		login_fail(s, 501, "5.5.2 Malformed response");
		return;
	}
	if (s->login == NULL) {
		if ((s->login = strndup(data, len)) == NULL)
			fatal("login");
		challenge(s, "Password:", 9);
		return;
	}
	n = strlen(s->login);
	plain[0] = '\0';
	memcpy(plain + 1, s->login, n + 1);
	memcpy(plain + 2 + n, data, len);
	free(s->login);
	s->login = NULL;
	start(s, MECH_PLAIN, 1, plain, n + 2 + len);
	explicit_bzero(plain, sizeof(plain));
}

void
login_start(struct session *s, const struct smtp_command *c)
{
	uint8_t		 data[MSG_SASL];
	size_t		 i, n = 0;
	uint32_t	 bit;

	bit = smtp_mech_find(c->mech);
	for (i = 0; i < sizeof(mechs) / sizeof(mechs[0]); i++) {
		if (mechs[i].bit == bit)
			break;
	}
	if (i == sizeof(mechs) / sizeof(mechs[0]) ||
	    (mechs[i].mech == MECH_SCRAM256_PLUS &&
	    !(s->st.flags & SMTP_SERVER_TLS))) {
		session_mistake(s);
		session_reply(s, 504, "5.5.4 Mechanism is not offered");
		return;
	}
	if (c->initial.p != NULL && smtp_sasl_decode(c->initial, 1, data,
	    sizeof(data), &n) != SMTP_SASL_DATA) {
		session_mistake(s);
		session_reply(s, 501, "5.5.2 That is not base64");
		return;
	}
	(void)smtp_server_event(&s->st, SMTP_EV_AUTH);
	s->mech = mechs[i].mech;
	if (s->mech == MECH_LOGIN) {
		if (c->initial.p == NULL)
			challenge(s, "Username:", 9);
		else
			login_step(s, (char *)data, n);
	} else if (c->initial.p != NULL)
		start(s, s->mech, 1, data, n);
	else if (s->mech == MECH_PLAIN)
		challenge(s, "", 0);
	else
		start(s, s->mech, 0, data, 0);
	explicit_bzero(data, n);
}

/* Both have said yes, and the client has heard the last of SCRAM. */
static void
login_done(struct session *s)
{
	if (!s->auth_ok || !s->granted)
		return;
	(void)smtp_server_event(&s->st, SMTP_EV_AUTH_OK);
	proc_count_add("smtp_logins", 1);
	session_reply(s, 235, "2.7.0 Authentication successful");
	session_continue(s);
}

/* The client's empty answer to the additional data of success. */
static void
login_final(struct session *s, size_t n)
{
	s->final = 0;
	s->wait = WAIT_AUTH;
	if (n > 0) {
		login_fail(s, 535, "5.7.8 Authentication failed");
		return;
	}
	s->auth_ok = 1;
	login_done(s);
}

void
login_line(struct session *s, struct span line)
{
	uint8_t		 data[MSG_SASL];
	size_t		 n = 0;

	switch (smtp_sasl_decode(line, 0, data, sizeof(data), &n)) {
	case SMTP_SASL_CANCEL:
		login_fail(s, 501, "5.7.0 Authentication cancelled");
		break;
	case SMTP_SASL_BAD:
		session_mistake(s);
		login_fail(s, 501, "5.5.2 That is not base64");
		break;
	case SMTP_SASL_DATA:
		if (s->final)
			login_final(s, n);
		else if (s->mech == MECH_LOGIN)
			login_step(s, (char *)data, n);
		else if (s->mech == MECH_PLAIN)
			start(s, MECH_PLAIN, 1, data, n);
		else
			proceed(s, data, n);
		break;
	}
	explicit_bzero(data, sizeof(data));
}

void
login_challenge(struct session *s, const struct msg_blob *data)
{
	challenge(s, data->data, data->len);
	session_continue(s);
}

static void
login_ok(struct session *s, const struct msg_auth_r *m)
{
	free(s->account);
	if ((s->account = strdup(m->account)) == NULL)
		fatal("login");
	if (m->final.len > 0) {
		/* RFC 4954 4: it goes out as a challenge. */
		s->final = 1;
		challenge(s, m->final.data, m->final.len);
		session_continue(s);
		return;
	}
	s->wait = WAIT_AUTH;
	s->auth_ok = 1;
	login_done(s);
}

void
login_result(struct session *s, const struct msg_auth_r *m)
{
	s->wait = WAIT_NONE;
	switch (m->result) {
	case AUTH_OK:
		login_ok(s, m);
		break;
	case AUTH_BAD:
		proc_count_add("smtp_logins_refused", 1);
		if (conf_over(++s->auth_failures,
		    s->conf->limits.auth_failures))
			session_close(s, 421, "4.7.0 Too many failures");
		else
			login_fail(s, 535, "5.7.8 Authentication failed");
		break;
	case AUTH_LIMIT:
		session_close(s, 421, "4.7.0 Too many failures");
		break;
	default:
		login_fail(s, 454, "4.7.0 Temporary authentication failure");
		break;
	}
}

void
login_granted(struct session *s, const struct msg_granted *m)
{
	if (!m->ok) {
		login_fail(s, 454, "4.7.0 Temporary authentication failure");
		return;
	}
	s->granted = 1;
	login_done(s);
}
