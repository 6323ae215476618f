/* MAIL and RCPT as a client writes them. */
#ifndef SMTP_CLIENT_PUT_H
#define SMTP_CLIENT_PUT_H

#include <stddef.h>
#include <stdint.h>

#include "libsmtp/smtp_client_state.h"
#include "libutil/buf.h"

enum smtp_put {
	SMTP_PUT_ASCII,
	SMTP_PUT_UTF8,		/* some address needs SMTPUTF8 */
	SMTP_PUT_BAD		/* some address would break the line */
};

enum smtp_put	smtp_put_check(const struct smtp_trans *);
/*
 * With the parameters that the server has (caps: SMTP_CAP_*) and the
 * transaction wants.  0, or -1 when out is full.
 */
int		smtp_put_mail(struct buf *out, uint32_t caps,
		    const struct smtp_trans *);
int		smtp_put_rcpt(struct buf *out, uint32_t caps,
		    const struct smtp_trans *, size_t rcpt);

#endif
