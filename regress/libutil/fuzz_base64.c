/* Base64 is strict: what is taken is the only way to write those bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/base64.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t	*bytes;
	char	*text;
	int	 n, m;

	if (len > 100000)
		return 0;
	if ((bytes = malloc(len + 1)) == NULL ||
	    (text = malloc(BASE64_LEN(len) + 1)) == NULL)
		abort();
	n = base64_decode(bytes, len, (const char *)data, len);
	if (n != -1) {
		m = base64_encode(text, BASE64_LEN(len) + 1, bytes, (size_t)n);
		if (m != (int)len || memcmp(text, data, len) != 0)
			abort();
		/* One byte too few is too few. */
		if (n > 0 && base64_decode(bytes, (size_t)n - 1,
		    (const char *)data, len) != -1)
			abort();
	}
	n = base64_encode(text, BASE64_LEN(len) + 1, data, len);
	if (n == -1 || base64_decode(bytes, len, text, (size_t)n) !=
	    (int)len || memcmp(bytes, data, len) != 0)
		abort();
	free(bytes);
	free(text);
	return 0;
}
