/*
 * A stream of commands: the first byte says in what pieces it comes.  However
 * it is cut, the events are the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Small ones, so that a short input gets to the limits. */
static const struct imap_limits limits = { 300, 200, 1000, 65536, 6 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char	*whole, *cut;
	size_t	 n;

	if (len < 1 || len > 20000)
		return 0;
	n = data[0];
	whole = feed_cut(&limits, data + 1, len - 1, len - 1);
	if (n == 0 || n > 200)
		cut = feed_cut(&limits, data + 1, len - 1, n * (len - 1) / 256);
	else
		cut = feed_pieces(&limits, data + 1, len - 1,
		    len > 2000 && n < 16 ? 16 : n);
	assert(strcmp(whole, cut) == 0);
	free(whole);
	free(cut);
	return 0;
}
