/* The answer to CAPA, as the state is. */

#include "libpop3/pop3_caps.h"

int
pop3_caps_put(struct buf *out, const struct pop3_state *s,
    const struct pop3_caps *c)
{
	/* What is there in both states (RFC 2449 6, 3206, 6856). */
	static const char	 always[] = "TOP\r\nUIDL\r\nRESP-CODES\r\n"
	    "AUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
	    "UTF8 USER\r\nLANG\r\nIMPLEMENTATION maild\r\n.\r\n";

	if (buf_addstr(out, "+OK Capability list follows\r\n") == -1)
		return -1;
	if (s->phase == POP3_PHASE_AUTH &&
	    (s->flags & (POP3_TLS | POP3_CAN_TLS | POP3_UTF8_MODE)) ==
	    POP3_CAN_TLS && buf_addstr(out, "STLS\r\n") == -1)
		return -1;
	/* Without TLS nothing that could betray a password is offered. */
	if ((s->phase != POP3_PHASE_AUTH || pop3_state_may_login(s)) &&
	    buf_addf(out, "USER\r\nSASL %s\r\n", c->mechs) == -1)
		return -1;
	if (c->login_delay > 0 &&
	    buf_addf(out, "LOGIN-DELAY %u\r\n", c->login_delay) == -1)
		return -1;
	return buf_addstr(out, always);
}
