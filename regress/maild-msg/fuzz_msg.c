/* The first byte is the type; what is decoded must encode to the same bytes. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libimsg/imsg.h"
#include "msg.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t	 msg[MSG_STRUCTMAX / 8];
	struct ibuf	*b;

	if (len < 1 || msg_get(data + 1, len - 1, data[0], msg) == -1)
		return 0;
	if ((b = ibuf_dynamic(64, 65536)) == NULL)
		return 0;
	if (msg_put(b, data[0], msg) == -1 || ibuf_size(b) != len - 1 ||
	    memcmp(ibuf_data(b), data + 1, len - 1) != 0)
		abort();
	ibuf_free(b);
	return 0;
}
