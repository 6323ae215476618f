/* Parameters of MAIL and RCPT (RFC 5321 4.1.1.11 and the extensions'). */
#ifndef SMTP_PARAM_H
#define SMTP_PARAM_H

#include <stddef.h>
#include <stdint.h>

#include "libsmtp/smtp_answer.h"
#include "libutil/span.h"

/* Which were given, and which a listener takes at all. */
#define SMTP_PARAM_SIZE		0x0001	/* RFC 1870 */
#define SMTP_PARAM_BODY		0x0002	/* RFC 6152, RFC 3030 */
#define SMTP_PARAM_SMTPUTF8	0x0004	/* RFC 6531 */
#define SMTP_PARAM_AUTH		0x0008	/* RFC 4954 */
#define SMTP_PARAM_RET		0x0010	/* RFC 3461 */
#define SMTP_PARAM_ENVID	0x0020
#define SMTP_PARAM_NOTIFY	0x0040
#define SMTP_PARAM_ORCPT	0x0080
#define SMTP_PARAM_REQUIRETLS	0x0100	/* RFC 8689 */
#define SMTP_PARAM_HOLD		0x0200	/* HOLDFOR, HOLDUNTIL: RFC 4865 */
#define SMTP_PARAM_BY		0x0400	/* RFC 2852 */
#define SMTP_PARAM_PRIORITY	0x0800	/* MT-PRIORITY: RFC 6710 */
#define SMTP_PARAM_BINARY	0x1000	/* not a name: BODY=BINARYMIME too */

#define SMTP_PARAM_DSN		(SMTP_PARAM_RET | SMTP_PARAM_ENVID | \
				SMTP_PARAM_NOTIFY | SMTP_PARAM_ORCPT)

enum smtp_body { SMTP_BODY_7BIT, SMTP_BODY_8BITMIME, SMTP_BODY_BINARYMIME };
enum smtp_ret { SMTP_RET_NONE, SMTP_RET_FULL, SMTP_RET_HDRS };

#define SMTP_NOTIFY_NEVER	0x01	/* RFC 3461 4.1, as ENV_* in msg.h */
#define SMTP_NOTIFY_SUCCESS	0x02
#define SMTP_NOTIFY_FAILURE	0x04
#define SMTP_NOTIFY_DELAY	0x08

#define SMTP_ENVID_MAX		100	/* RFC 3461 4.4 */
#define SMTP_ORCPT_MAX		500	/* RFC 3461 4.2 */

struct smtp_params {
	uint32_t	set;		/* SMTP_PARAM_* */
	uint64_t	size;		/* what is over 64 bits is UINT64_MAX */
	enum smtp_body	body;
	enum smtp_ret	ret;
	uint8_t		notify;		/* SMTP_NOTIFY_* */
	uint8_t		by_return;	/* BY: R, else N */
	uint8_t		by_trace;
	int8_t		priority;	/* -9 .. 9 */
	uint8_t		hold_is_until;
	int64_t		by;		/* seconds, may be negative */
	int64_t		hold;		/* seconds, or time as of 1970 UTC */
	struct span	auth;		/* xtext, "<>" for none */
	struct span	envid;		/* xtext */
	struct span	orcpt;		/* type;xtext: smtp_orcpt_decode */
};

/*
 * Parse parameters separated by spaces into p.  accept is what this listener
 * takes of what this command can have; any other is 555.  NULL, or what to
 * answer.
 */
const struct smtp_answer *smtp_params_parse(struct smtp_params *,
	    struct span, int rcpt, uint32_t accept);

#endif
