/* Pages from a store that may be hostile: every span lies within the page. */
#include <stdint.h>
#include <stdlib.h>

#include "libstore/mstore_page.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
inside(struct span s, const uint8_t *p, size_t len)
{
	const uint8_t	*q = (const uint8_t *)s.p;

	if (s.len > 0 && (q < p || q > p + len ||
	    s.len > (size_t)(p + len - q)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct mstore_msg m;
	size_t		 off = 0, before = 0;

	while (mstore_page_next(p, len, &off, &m) == 1) {
		if (off <= before || off > len)
			abort();
		before = off;
		inside(m.meta, p, len);
		inside(m.body, p, len);
	}
	return 0;
}
