/* A meta blob of hostile bytes. */
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_meta(data, len);
	return 0;
}
