/* A spool entry's envelope: any bytes, and what was accepted goes back. */
#include <stdlib.h>
#include <string.h>

#include "envelope.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct envelope	*e;
	struct buf	 b;

	if ((e = envelope_decode(data, len)) == NULL)
		return 0;
	buf_init(&b, 1 << 20);
	if (envelope_encode(e, &b) == 0 && b.len != len)
		abort();
	buf_free(&b);
	envelope_free(e);
	return 0;
}
