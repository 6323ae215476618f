/*
 * DKIM verification (RFC 6376 6, RFC 8301, RFC 8463) with the key's record at
 * hand: nothing here asks the DNS or a clock.
 */
#ifndef DKIM_VERIFY_H
#define DKIM_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "libmailauth/canon.h"
#include "libmailauth/dkim_sign.h"
#include "libutil/span.h"

/* RFC 8601 2.7.1 */
enum dkim_result {
	DKIM_PASS,
	DKIM_FAIL,		/* body or signature do not agree */
	DKIM_POLICY,		/* good, but we do not take such */
	DKIM_NEUTRAL,
	DKIM_PERMERROR
};

/* Spans point into the field that was parsed. */
struct dkim_sig {
	struct header	header;
	struct span	domain;		/* d= */
	struct span	selector;	/* s= */
	struct span	identity;	/* i=, or empty */
	struct span	fields;		/* h= */
	struct span	b;
	struct span	bh;
	enum dkim_alg	alg;
	enum canon	canon_header;
	enum canon	canon_body;
	int64_t		time;		/* t=, -1: none */
	int64_t		expire;		/* x=, -1: none */
	int64_t		length;		/* l=, -1: none */
};

/* Read a DKIM-Signature field.  0, or -1 with *why, a literal: permerror. */
int	dkim_sig_parse(const struct header *, struct dkim_sig *,
	    const char **why);
/*
 * msg is the message as it came, key the TXT record of
 * <selector>._domainkey.<domain>, its strings joined.
 */
enum dkim_result dkim_verify(const struct dkim_sig *, struct span msg,
	    struct span key, int64_t now, const char **why);

#endif
