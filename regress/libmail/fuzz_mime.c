/* A message: its structure, what IMAP shows of it, its blob. */
#include <stdlib.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct meta_ctx *x;

	if (x == NULL && (x = meta_ctx_new(NULL)) == NULL)
		abort();
	check_message(x, data, len);
	return 0;
}
