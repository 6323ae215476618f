#include <string.h>

#include "libimap/imap_state.h"

static uint8_t
state_bit(const struct imap_session_state *st)
{
	switch (st->state) {
	case IMAP_STATE_NOAUTH:
		return IMAP_IN_NOAUTH;
	case IMAP_STATE_AUTH:
		return IMAP_IN_AUTH;
	case IMAP_STATE_SELECTED:
		return IMAP_IN_SELECTED;
	default:
		return 0;
	}
}

static const char *
wrong_state(const struct imap_session_state *st,
    const struct imap_command_def *def)
{
	if (st->state == IMAP_STATE_NOAUTH)
		return "log in first";
	if (def->states == IMAP_IN_SELECTED)
		return "select a mailbox first";
	return "already logged in";
}

/* Commands that want something else than a state. */
static enum imap_verdict
check_rest(const struct imap_session_state *st,
    const struct imap_command *cmd, const char **code, const char **why)
{
	uint8_t	flags = cmd->def->flags;

	if ((flags & IMAP_CF_PRIVACY) != 0 && !st->secure && !st->plain_ok) {
		*code = "PRIVACYREQUIRED";
		*why = "use TLS first";
		return IMAP_DENY_NO;
	}
	if (cmd->id == IMAP_STARTTLS && (st->secure || !st->starttls)) {
		*why = "no STARTTLS here";
		return IMAP_DENY_BAD;
	}
	if (cmd->id == IMAP_COMPRESS && st->compressed) {
		*code = "COMPRESSIONACTIVE";
		*why = "already compressed";
		return IMAP_DENY_NO;
	}
	/* RFC 9586 3: numbers are over once UIDONLY is enabled. */
	if ((st->enabled & IMAP_EN_UIDONLY) != 0 &&
	    (flags & IMAP_CF_NUMBERS) != 0 && !cmd->uid) {
		*code = "UIDREQUIRED";
		*why = "use the UID form";
		return IMAP_DENY_BAD;
	}
	if (st->readonly && st->state == IMAP_STATE_SELECTED &&
	    (cmd->id == IMAP_STORE || cmd->id == IMAP_EXPUNGE ||
	    cmd->id == IMAP_MOVE || cmd->id == IMAP_REPLACE)) {
		*why = "the mailbox is read-only";
		return IMAP_DENY_NO;
	}
	/* RFC 7162 3.2.5, 3.2.6: both need ENABLE QRESYNC. */
	if ((st->enabled & IMAP_EN_QRESYNC) == 0 &&
	    (((cmd->id == IMAP_SELECT || cmd->id == IMAP_EXAMINE) &&
	    cmd->u.select.qresync) ||
	    (cmd->id == IMAP_FETCH && cmd->u.fetch.vanished))) {
		*why = "QRESYNC is not enabled";
		return IMAP_DENY_BAD;
	}
	return IMAP_ALLOW;
}

enum imap_verdict
imap_state_check(const struct imap_session_state *st,
    const struct imap_command *cmd, const char **code, const char **why)
{
	*code = NULL;
	*why = NULL;
	if ((cmd->def->states & state_bit(st)) == 0) {
		*why = wrong_state(st, cmd->def);
		return IMAP_DENY_BAD;
	}
	return check_rest(st, cmd, code, why);
}

static void
leave_mailbox(struct imap_session_state *st)
{
	if (st->state == IMAP_STATE_SELECTED)
		st->state = IMAP_STATE_AUTH;
	st->readonly = 0;
}

void
imap_state_done(struct imap_session_state *st,
    const struct imap_command *cmd, enum imap_result res)
{
	if (res == IMAP_RESULT_BAD)
		return;
	switch (cmd->id) {
	case IMAP_SELECT:
	case IMAP_EXAMINE:
		leave_mailbox(st);
		if (res == IMAP_RESULT_OK) {
			st->state = IMAP_STATE_SELECTED;
			st->readonly = cmd->id == IMAP_EXAMINE;
		}
		break;
	case IMAP_LOGOUT:
		st->state = IMAP_STATE_LOGOUT;
		return;
	}
	if (res != IMAP_RESULT_OK)
		return;
	st->enabled |= imap_command_enables(cmd);
	switch (cmd->id) {
	case IMAP_CLOSE:
	case IMAP_UNSELECT:
		leave_mailbox(st);
		break;
	case IMAP_LOGIN:
	case IMAP_AUTHENTICATE:
		st->state = IMAP_STATE_AUTH;
		break;
	case IMAP_UNAUTHENTICATE:
		leave_mailbox(st);
		st->state = IMAP_STATE_NOAUTH;
		st->enabled = 0;
		break;
	case IMAP_STARTTLS:
		st->secure = 1;
		break;
	case IMAP_COMPRESS:
		st->compressed = 1;
		break;
	}
}

int
imap_state_noexpunge(const struct imap_command *cmd)
{
	return (cmd->def->flags & IMAP_CF_NOEXPUNGE) != 0 && !cmd->uid;
}
