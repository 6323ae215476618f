/* SASL PLAIN (RFC 4616): one message, no I/O. */
#ifndef SASL_PLAIN_H
#define SASL_PLAIN_H

#include <stddef.h>

#include "libutil/span.h"

#define SASL_NAME_MAX	320
#define SASL_PASSWORD_MAX 1024

/* Spans into the message. */
struct sasl_plain {
	struct span	authzid;	/* may be empty */
	struct span	authcid;
	struct span	password;
};

/* 0 or -1: not well formed. */
int	sasl_plain_parse(const void *, size_t, struct sasl_plain *);

#endif
