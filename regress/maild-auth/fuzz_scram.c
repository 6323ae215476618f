/* Two messages of a SCRAM client, and a PLAIN one. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "auth/sasl_plain.h"
#include "auth/sasl_scram.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct scram_secret	 secret;
	struct sasl_scram	 s;
	struct sasl_plain	 p;
	struct buf		 out;
	const uint8_t		*nl;
	uint8_t			 nonce[18] = "nonce";
	size_t			 n;

	(void)sasl_plain_parse(data, len, &p);
	if (len == 0)
		return 0;
	nl = memchr(data, '\n', len);
	n = nl == NULL ? len : (size_t)(nl - data);
	sasl_scram_init(&s);
	buf_init(&out, 4096);
	memset(&secret, 0, sizeof(secret));
	secret.iterations = 1;
	secret.saltlen = 16;
	if (sasl_scram_first(&s, (const char *)data, n, 0, 0, NULL, 0) ==
	    SASL_SCRAM_OK &&
	    sasl_scram_challenge(&s, &secret, 0, nonce, &out) == 0 &&
	    nl != NULL)
		(void)sasl_scram_final(&s, (const char *)nl + 1, len - n - 1,
		    &out);
	buf_free(&out);
	sasl_scram_clear(&s);
	return 0;
}
