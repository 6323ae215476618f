/*
 * DKIM signing without the key (RFC 6376 5, RFC 8301, RFC 8463): makes the
 * header field up to "b=" and the digest; who has the key signs the digest.
 */
#ifndef DKIM_SIGN_H
#define DKIM_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "libmailauth/canon.h"
#include "libutil/buf.h"
#include "libutil/span.h"

#define DKIM_HASHLEN	32
#define DKIM_SIGNED_MAX	200	/* fields that one signature lists */

enum dkim_alg { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

struct dkim_spec {
	struct span	domain;
	struct span	selector;
	enum dkim_alg	alg;
	int64_t		now;	/* t= */
	int64_t		expire;	/* x=, 0: none */
};

/* SHA-256 of the canonical body. */
int	dkim_body_hash(enum canon, struct span body, uint8_t [DKIM_HASHLEN]);
/*
 * Both canonicalizations relaxed.  parts are the header in pieces, in the
 * order of the message, each of whole fields; what follows an empty line in
 * a part is not looked at.  header gets the field, which the signature in
 * base64 (folded as one likes) and a CRLF complete.  0, or -1: no From, too
 * many fields (errno EINVAL), or no memory.
 */
int	dkim_sign_prepare(const struct dkim_spec *, const struct span *parts,
	    size_t nparts, const uint8_t bodyhash[DKIM_HASHLEN],
	    struct buf *header, uint8_t digest[DKIM_HASHLEN]);

#endif
