/* LOGIN and AUTHENTICATE (RFC 9051 6.2): the judge is auth. */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "libimap/imap_caps.h"
#include "libutil/base64.h"
#include "libutil/log.h"
#include "proc.h"
#include "isession.h"

#define LOGIN_NAME	512

/* What this server does of all that libimap knows. */
static const uint8_t	 offered[] = {
	IMAP_CAP_REV1, IMAP_CAP_LITERALPLUS, IMAP_CAP_ID, IMAP_CAP_ENABLE,
	IMAP_CAP_SASL_IR, IMAP_CAP_IDLE, IMAP_CAP_NAMESPACE,
	IMAP_CAP_CHILDREN, IMAP_CAP_UNSELECT, IMAP_CAP_UIDPLUS,
	IMAP_CAP_MOVE, IMAP_CAP_MULTIAPPEND, IMAP_CAP_SPECIAL_USE,
	IMAP_CAP_CREATE_SPECIAL_USE, IMAP_CAP_LIST_EXTENDED,
	IMAP_CAP_LIST_STATUS, IMAP_CAP_STATUS_SIZE, IMAP_CAP_ESEARCH,
	IMAP_CAP_SEARCHRES, IMAP_CAP_WITHIN, IMAP_CAP_APPENDLIMIT,
	IMAP_CAP_CONDSTORE, IMAP_CAP_QRESYNC, IMAP_CAP_REV2, IMAP_CAP_OBJECTID,
	IMAP_CAP_SAVEDATE, IMAP_CAP_PREVIEW, IMAP_CAP_BINARY,
	IMAP_CAP_COMPRESS, IMAP_CAP_QUOTA, IMAP_CAP_UTF8, IMAP_CAP_PARTIAL,
	IMAP_CAP_UIDONLY, IMAP_CAP_REPLACE, IMAP_CAP_UNAUTHENTICATE,
	IMAP_CAP_SORT, IMAP_CAP_ESORT, IMAP_CAP_SORT_DISPLAY,
	IMAP_CAP_THREAD_SUBJECT, IMAP_CAP_THREAD_REFERENCES,
	IMAP_CAP_THREAD_REFS, IMAP_CAP_I18NLEVEL1, IMAP_CAP_METADATA,
	IMAP_CAP_METADATA_SERVER, IMAP_CAP_LIST_METADATA,
	IMAP_CAP_CONTEXT_SEARCH, IMAP_CAP_CONTEXT_SORT,
	IMAP_CAP_MULTISEARCH, IMAP_CAP_INPROGRESS, IMAP_CAP_UIDBATCHES,
	IMAP_CAP_LANGUAGE, IMAP_CAP_FILTERS
};

const char *
ilogin_mechs(const struct isession *s)
{
	return s->st.secure ? "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS" :
	    "PLAIN SCRAM-SHA-256";
}

int
ilogin_caps(struct isession *s, struct buf *b)
{
	struct imap_caps	 caps = { 0 };
	size_t			 i;

	for (i = 0; i < sizeof(offered); i++)
		caps.on[offered[i]] = 1;
	/* One of the two: the first limits all that the other does. */
	caps.messagelimit = isession_config()->limits.imap_messages;
	caps.savelimit = isession_config()->limits.imap_save;
	caps.on[IMAP_CAP_MESSAGELIMIT] = caps.messagelimit != 0;
	caps.on[IMAP_CAP_SAVELIMIT] = caps.savelimit != 0 &&
	    caps.messagelimit == 0;
	caps.mechs = ilogin_mechs(s);
	caps.appendlimit = isession_config()->limits.message_size;
	return imap_caps_print(&caps, &s->st, b);
}

static void
fail(struct isession *s, const char *code, const char *text)
{
	s->waits = 0;
	s->auth_ok = s->granted = s->final = 0;
	free(s->account);
	s->account = NULL;
	if (s->mode == INPUT_SASL) {
		s->mode = INPUT_COMMANDS;
		imap_parser_lines(&s->parser, 0);
	}
	if (s->auth_failures > 0 && conf_over(s->auth_failures,
	    isession_config()->limits.auth_failures))
		s->bye = 1;
	isession_done(s, IMAP_RESULT_NO, code, text);
}

static void
fail_bad(struct isession *s, const char *text)
{
	struct msg_auth_abort	 m = { .sid = s->sid };

	(void)proc_send(PROC_AUTH, 0, M_AUTH_ABORT, &m, -1);
	s->mode = INPUT_COMMANDS;
	imap_parser_lines(&s->parser, 0);
	isession_done(s, IMAP_RESULT_BAD, NULL, text);
}

static void
start(struct isession *s, uint8_t mech, int has_initial, const void *data,
    size_t len)
{
	struct msg_auth_start	 m = { .sid = s->sid, .mech = mech,
	    .service = SERVICE_IMAP, .tls = s->st.secure,
	    .client = s->client, .has_initial = has_initial };
	uint8_t			 binding[32];

	m.initial.data = data;
	m.initial.len = len;
	if (mech == MECH_SCRAM256_PLUS &&
	    conn_binding(s->conn, binding) == 0) {
		m.binding.data = binding;
		m.binding.len = sizeof(binding);
	}
	s->waits = 1;
	if (proc_send(PROC_AUTH, 0, M_AUTH_START, &m, -1) == -1)
		fail(s, "UNAVAILABLE", "Try again later.");
}

void
ilogin_login(struct isession *s)
{
	const struct imap_login	*l = &s->cmd->u.login;
	char			 plain[2 * LOGIN_NAME + 2];

	if (l->user.len > LOGIN_NAME || l->pass.len > LOGIN_NAME ||
	    memchr(l->user.p, '\0', l->user.len) != NULL ||
	    memchr(l->pass.p, '\0', l->pass.len) != NULL) {
		s->auth_failures++;
		fail(s, "AUTHENTICATIONFAILED", "Authentication failed.");
		return;
	}
	plain[0] = '\0';
	memcpy(plain + 1, l->user.p, l->user.len);
	plain[1 + l->user.len] = '\0';
	memcpy(plain + 2 + l->user.len, l->pass.p, l->pass.len);
	start(s, MECH_PLAIN, 1, plain, 2 + l->user.len + l->pass.len);
	explicit_bzero(plain, sizeof(plain));
}

static void
challenge(struct isession *s, const void *data, size_t len)
{
	char	 text[BASE64_LEN(MSG_SASL) + 1];

	if (len > MSG_SASL ||
	    base64_encode(text, sizeof(text), data, len) == -1)
		text[0] = '\0';
	imap_out_str(isession_out(s), "+ ");
	imap_out_str(&s->out, text);
	imap_out_crlf(&s->out);
	isession_out_done(s);
}

/* Lines from now on are the client's part of the exchange. */
static void
expect_line(struct isession *s)
{
	s->mode = INPUT_SASL;
	s->busy = 0;
	s->waits = 0;
	imap_parser_lines(&s->parser, 1);
	conn_again(s->conn);
}

void
ilogin_authenticate(struct isession *s)
{
	static const struct {
		const char	*name;
		uint8_t		 mech;
	} mechs[] = {
		{ "PLAIN",		MECH_PLAIN },
		{ "SCRAM-SHA-256",	MECH_SCRAM256 },
		{ "SCRAM-SHA-256-PLUS",	MECH_SCRAM256_PLUS }
	};
	const struct imap_authenticate	*a = &s->cmd->u.auth;
	uint8_t				 data[MSG_SASL];
	size_t				 i;
	int				 n = 0;

	for (i = 0; i < sizeof(mechs) / sizeof(mechs[0]); i++) {
		if (span_ieqs(a->mech, mechs[i].name))
			break;
	}
	if (i == sizeof(mechs) / sizeof(mechs[0]) ||
	    (mechs[i].mech == MECH_SCRAM256_PLUS && !s->st.secure)) {
		isession_done(s, IMAP_RESULT_NO, "CANNOT",
		    "Mechanism is not offered.");
		return;
	}
	s->mech = mechs[i].mech;
	if (a->has_initial && a->initial.len > 0 &&
	    (n = base64_decode(data, sizeof(data), a->initial.p,
	    a->initial.len)) == -1) {
		isession_done(s, IMAP_RESULT_BAD, NULL, "That is not base64.");
		return;
	}
	if (a->has_initial)
		start(s, s->mech, 1, data, n);
	else if (s->mech == MECH_PLAIN) {
		challenge(s, "", 0);
		expect_line(s);
	} else
		start(s, s->mech, 0, data, 0);
	explicit_bzero(data, n);
}

static void
done_tail(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, "[CAPABILITY ");
	(void)ilogin_caps(s, o->buf);
	imap_out_str(o, "] Logged in.\r\n");
}

/* auth and store have both agreed, and the client heard the last of SCRAM. */
static void
done(struct isession *s)
{
	struct msg_disconnect	 gone = { .sid = s->sid };

	if (!s->auth_ok || !s->granted)
		return;
	s->waits = 0;
	s->auth_failures = 0;
	proc_count_add("imap_logins", 1);
	imap_parser_limits(&s->parser, &imap_limits_auth);
	conn_timeout(s->conn, isession_config()->limits.imap_timeout);
	conn_deadline(s->conn, 0);
	/* From here on he counts by his account. */
	(void)proc_send(PROC_LOOKUP, 0, M_DISCONNECT, &gone, -1);
	/* The capabilities of the state that begins with this reply. */
	s->st.state = IMAP_STATE_AUTH;
	isession_done_with(s, IMAP_RESULT_OK, done_tail);
}

void
ilogin_line(struct isession *s, struct span line)
{
	struct msg_auth_cont	 m = { .sid = s->sid };
	uint8_t			 data[MSG_SASL];
	int			 n = 0;

	s->busy = 1;
	if (span_ieqs(line, "*")) {
		fail_bad(s, "Authentication cancelled.");
		return;
	}
	if (line.len > 0 && (n = base64_decode(data, sizeof(data), line.p,
	    line.len)) == -1) {
		fail_bad(s, "That is not base64.");
		return;
	}
	if (s->final) {
		s->final = 0;
		s->auth_ok = 1;
		s->waits = 1;
		s->mode = INPUT_COMMANDS;
		imap_parser_lines(&s->parser, 0);
		done(s);
		return;
	}
	s->mode = INPUT_COMMANDS;
	imap_parser_lines(&s->parser, 0);
	if (s->mech == MECH_PLAIN) {
		start(s, MECH_PLAIN, 1, data, n);
	} else {
		m.data.data = data;
		m.data.len = n;
		s->waits = 1;
		if (proc_send(PROC_AUTH, 0, M_AUTH_CONT, &m, -1) == -1)
			fail(s, "UNAVAILABLE", "Try again later.");
	}
	explicit_bzero(data, n);
}

void
ilogin_challenge(struct isession *s, const struct msg_blob *data)
{
	challenge(s, data->data, data->len);
	expect_line(s);
}

void
ilogin_result(struct isession *s, const struct msg_auth_r *m)
{
	switch (m->result) {
	case AUTH_OK:
		free(s->account);
		if ((s->account = strdup(m->account)) == NULL)
			fatal("login");
		if (m->final.len > 0) {
			/* IMAP has no place for it but one more challenge. */
			s->final = 1;
			challenge(s, m->final.data, m->final.len);
			expect_line(s);
			return;
		}
		s->auth_ok = 1;
		done(s);
		break;
	case AUTH_BAD:
		proc_count_add("imap_logins_refused", 1);
		s->auth_failures++;
		fail(s, "AUTHENTICATIONFAILED", "Authentication failed.");
		break;
	case AUTH_LIMIT:
		s->bye = 1;
		fail(s, "LIMIT", "Too many failures.");
		break;
	default:
		fail(s, "UNAVAILABLE", "Try again later.");
		break;
	}
}

void
ilogin_granted(struct isession *s, const struct msg_granted *m)
{
	if (!m->ok) {
		fail(s, "UNAVAILABLE", m->text);
		return;
	}
	s->granted = 1;
	done(s);
}

void
ilogin_lost(struct isession *s)
{
	fail(s, "UNAVAILABLE", "Try again later.");
}

void
ilogin_forget(struct isession *s)
{
	struct msg_session_end	 m = { .sid = s->sid };

	select_leave(s);
	s->auth_ok = s->granted = 0;
	free(s->account);
	s->account = NULL;
	(void)proc_send(PROC_STORE, 0, M_SESSION_END, &m, -1);
	(void)proc_send(PROC_QUEUE, 0, M_SESSION_END, &m, -1);
	(void)proc_send(PROC_AUTH, 0, M_SESSION_END, &m, -1);
	imap_parser_limits(&s->parser, &imap_limits_noauth);
	conn_timeout(s->conn, ISESSION_NOAUTH);
	conn_deadline(s->conn, ISESSION_NOAUTH_IN_ALL);
}
