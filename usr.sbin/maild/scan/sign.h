/* DKIM headers for messages that go out; crypto makes the signature. */
#ifndef SIGN_H
#define SIGN_H

#include "libutil/buf.h"
#include "libutil/span.h"
#include "msg.h"

struct conf;

struct signature {
	struct buf	 header;	/* ends in "b="; empty: none */
	const char	*selector;
	const char	*domain;
	uint8_t		 digest[32];
};

/*
 * Prepare up to two signatures (RSA and Ed25519) of prefix and message for the
 * domain that the request names, if From agrees and there are keys.  0 or -1.
 */
int	sign_message(const struct conf *, const struct msg_scan *,
	    struct span prefix, struct span msg, struct signature sig[2]);
void	sign_fill(struct msg_scan_r *, const struct msg_scan *,
	    struct signature sig[2]);
void	sign_free(struct signature sig[2]);

#endif
