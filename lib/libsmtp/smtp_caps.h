/* What a server can do: the lines of the reply to EHLO or LHLO. */
#ifndef SMTP_CAPS_H
#define SMTP_CAPS_H

#include <stdint.h>

#include "libsmtp/smtp_reply.h"
#include "libutil/buf.h"

#define SMTP_CAP_PIPELINING	0x0001	/* RFC 2920 */
#define SMTP_CAP_SIZE		0x0002	/* RFC 1870 */
#define SMTP_CAP_8BITMIME	0x0004	/* RFC 6152 */
#define SMTP_CAP_SMTPUTF8	0x0008	/* RFC 6531 */
#define SMTP_CAP_CHUNKING	0x0010	/* RFC 3030 */
#define SMTP_CAP_BINARYMIME	0x0020
#define SMTP_CAP_STARTTLS	0x0040	/* RFC 3207 */
#define SMTP_CAP_AUTH		0x0080	/* RFC 4954 */
#define SMTP_CAP_DSN		0x0100	/* RFC 3461 */
#define SMTP_CAP_ENHANCED	0x0200	/* RFC 2034 */
#define SMTP_CAP_REQUIRETLS	0x0400	/* RFC 8689 */
#define SMTP_CAP_LIMITS		0x0800	/* RFC 9422 */
#define SMTP_CAP_VRFY		0x1000
#define SMTP_CAP_HELP		0x2000

#define SMTP_MECH_PLAIN		0x0001
#define SMTP_MECH_LOGIN		0x0002
#define SMTP_MECH_CRAM_MD5	0x0004
#define SMTP_MECH_SCRAM_SHA1	0x0008
#define SMTP_MECH_SCRAM_SHA1_PLUS 0x0010
#define SMTP_MECH_SCRAM_SHA256	0x0020
#define SMTP_MECH_SCRAM_SHA256_PLUS 0x0040
#define SMTP_MECH_EXTERNAL	0x0080
#define SMTP_MECH_OAUTHBEARER	0x0100
#define SMTP_MECH_XOAUTH2	0x0200

struct smtp_caps {
	uint32_t	has;		/* SMTP_CAP_* */
	uint32_t	mechs;		/* SMTP_MECH_* */
	uint64_t	size;		/* 0: not said */
	uint32_t	mailmax;	/* LIMITS, 0: not said */
	uint32_t	rcptmax;
	uint32_t	rcptdomainmax;
};

/* From a 250 reply; what is not known is ignored. */
void	smtp_caps_parse(struct smtp_caps *, const struct smtp_reply *);
/*
 * The whole reply to EHLO: `greeting' is its first line.  0, or -1 when out is
 * full (nothing added).
 */
int	smtp_caps_put(struct buf *out, const struct smtp_caps *,
	    const char *greeting);

/* The bit of a mechanism's name, or 0; and back. */
uint32_t    smtp_mech_find(struct span name);
const char *smtp_mech_name(uint32_t mech);

#endif
