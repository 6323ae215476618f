/* Names: what is decoded is encoded to the same bytes, and the other way. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "libimap/imap_name.h"
#include "libimap/mutf7.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span	 in = { (const char *)data, len };
	char		 a[8192], b[8192], name[IMAP_NAME_MAX + 1];
	char		 again[IMAP_NAME_MAX + 1];
	const char	*why;
	int		 n, m, flags;

	if (len > 1500)
		return 0;
	if ((n = mutf7_decode(a, sizeof(a), in)) != -1) {
		m = mutf7_encode(b, sizeof(b), (struct span){ a, (size_t)n });
		assert((size_t)m == len && memcmp(b, data, len) == 0);
	}
	if ((n = mutf7_encode(a, sizeof(a), in)) != -1) {
		m = mutf7_decode(b, sizeof(b), (struct span){ a, (size_t)n });
		assert((size_t)m == len && memcmp(b, data, len) == 0);
	}
	/* A name that was accepted is accepted again, unchanged. */
	for (flags = 0; flags < 4; flags++) {
		n = imap_name_read(in, flags, name, &why);
		if (n == -1) {
			assert(why != NULL);
			continue;
		}
		assert((size_t)n == strlen(name) && n <= IMAP_NAME_MAX);
		assert(imap_name_check(span_of(name), flags) == NULL);
		m = imap_name_read(span_of(name), flags | IMAP_NAME_UTF8,
		    again, &why);
		assert(m == n && strcmp(name, again) == 0);
	}
	return 0;
}
