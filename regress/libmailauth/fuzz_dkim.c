/* A message with DKIM signatures; its first line is the key's record. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libmailauth/dkim_verify.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
sink(void *arg, const void *p, size_t n)
{
	*(size_t *)arg += n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t		*nl = memchr(data, '\n', len);
	struct canon_body	 c;
	struct header_iter	 it;
	struct header		 h;
	struct dkim_sig		 sig;
	struct span		 key, msg;
	const char		*why;
	size_t			 total = 0;

	if (nl == NULL)
		return 0;
	key.p = (const char *)data;
	key.len = (size_t)(nl - data);
	msg.p = (const char *)nl + 1;
	msg.len = len - key.len - 1;
	canon_body_init(&c, CANON_RELAXED, sink, &total);
	canon_body_add(&c, msg.p, msg.len / 2);
	canon_body_add(&c, msg.p + msg.len / 2, msg.len - msg.len / 2);
	canon_body_end(&c);
	header_iter_init(&it, msg.p, msg.len);
	while (header_next(&it, &h))
		if (h.id == HEADER_DKIM_SIGNATURE &&
		    dkim_sig_parse(&h, &sig, &why) == 0)
			(void)dkim_verify(&sig, msg, key, 1700000000, &why);
	return 0;
}
