#include <string.h>

#include "conf.h"
#include "libmail/address.h"
#include "libmail/header.h"
#include "libmailauth/dkim_sign.h"
#include "libutil/log.h"
#include "sign.h"

/* Only what From says is signed for: DMARC asks for that domain. */
static int
from_is(struct span msg, const char *domain)
{
	struct header	 from;
	struct arena	 arena;
	struct span	 d;
	int		 same = 0;

	if (!header_find(msg.p, msg.len, SPAN("From"), &from))
		return 0;
	arena_init(&arena, 65536);
	if (address_from_domain(&arena, from.value, &d) > 0)
		same = span_ieqs(d, domain);
	arena_free(&arena);
	return same;
}

static struct span
body_of(struct span msg)
{
	const char	*p;

	if ((p = memmem(msg.p, msg.len, "\r\n\r\n", 4)) == NULL)
		return SPAN_NONE;
	p += 4;
	return (struct span){ p, msg.len - (size_t)(p - msg.p) };
}

static void
sign_one(const struct conf_dkim *key, const struct msg_scan *m,
    const struct span parts[2], const uint8_t bodyhash[DKIM_HASHLEN],
    struct signature *sig)
{
	struct dkim_spec	 spec = { .now = m->now };

	spec.domain = span_of(key->domain);
	spec.selector = span_of(key->selector);
	spec.alg = key->ed25519 ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256;
	buf_init(&sig->header, MSG_DKIM);
	/*
	 * Fields without number make no list that fits: such a message goes
	 * without, for to refuse it now would be to refuse it for ever.
	 */
	if (dkim_sign_prepare(&spec, parts, 2, bodyhash, &sig->header,
	    sig->digest) == -1) {
		log_warnx("no signature of %s: header cannot be signed",
		    key->domain);
		buf_free(&sig->header);
		return;
	}
	sig->domain = key->domain;
	sig->selector = key->selector;
}

int
sign_message(const struct conf *conf, const struct msg_scan *m,
    struct span prefix, struct span msg, struct signature sig[2])
{
	const struct conf_dkim	*key;
	struct span		 parts[2] = { prefix, msg };
	uint8_t			 bodyhash[DKIM_HASHLEN];
	int			 i, have = 0;

	if (!from_is(msg, m->domain))
		return 0;
	/* The newest of each kind comes first in the configuration. */
	TAILQ_FOREACH(key, &conf->dkims, entry) {
		i = key->ed25519 != 0;
		if (strcmp(key->domain, m->domain) != 0 ||
		    sig[i].domain != NULL)
			continue;
		if (!have && dkim_body_hash(CANON_RELAXED, body_of(msg),
		    bodyhash) == -1)
			return -1;
		have = 1;
		sign_one(key, m, parts, bodyhash, &sig[i]);
	}
	return 0;
}

void
sign_fill(struct msg_scan_r *r, const struct msg_scan *m,
    struct signature sig[2])
{
	if (sig[0].domain != NULL) {
		r->dkim_domain = sig[0].domain;
		r->dkim_selector1 = sig[0].selector;
		r->dkim_header1.data = buf_ptr(&sig[0].header);
		r->dkim_header1.len = sig[0].header.len;
		r->dkim_digest1.data = sig[0].digest;
		r->dkim_digest1.len = sizeof(sig[0].digest);
	}
	if (sig[1].domain != NULL) {
		r->dkim_domain = sig[1].domain;
		r->dkim_selector2 = sig[1].selector;
		r->dkim_header2.data = buf_ptr(&sig[1].header);
		r->dkim_header2.len = sig[1].header.len;
		r->dkim_digest2.data = sig[1].digest;
		r->dkim_digest2.len = sizeof(sig[1].digest);
	}
}

void
sign_free(struct signature sig[2])
{
	buf_free(&sig[0].header);
	buf_free(&sig[1].header);
}
