/* SASL PLAIN (RFC 4616): [authzid] NUL authcid NUL passwd. */
#include <string.h>

#include "auth/sasl_plain.h"

int
sasl_plain_parse(const void *data, size_t len, struct sasl_plain *m)
{
	const char	*p = data, *end = p + len, *a, *b;

	if (len == 0 || (a = memchr(p, '\0', len)) == NULL ||
	    (b = memchr(a + 1, '\0', (size_t)(end - a - 1))) == NULL)
		return -1;
	m->authzid = (struct span){ p, (size_t)(a - p) };
	m->authcid = (struct span){ a + 1, (size_t)(b - a - 1) };
	m->password = (struct span){ b + 1, (size_t)(end - b - 1) };
	if (m->authzid.len > SASL_NAME_MAX || m->authcid.len == 0 ||
	    m->authcid.len > SASL_NAME_MAX || m->password.len == 0 ||
	    m->password.len > SASL_PASSWORD_MAX ||
	    memchr(m->password.p, '\0', m->password.len) != NULL)
		return -1;
	return 0;
}
