/*
 * The configuration as a child gets it.  The first byte is the child; what is
 * taken goes back, and what that gives is taken, and goes back to the same.
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libimsg/imsg.h"
#include "conf.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct ibuf *
encode(const struct conf *conf, enum proc_id to)
{
	struct ibuf	*b = ibuf_dynamic(64, 1 << 24);

	if (b == NULL || conf_encode(conf, to, b) == -1)
		abort();
	return b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf	*one, *two;
	struct ibuf	*a, *b;
	enum proc_id	 to;

	if (len < 1)
		return 0;
	to = (enum proc_id)(1 + data[0] % (PROC_MAX - 1));
	if ((one = conf_decode(data + 1, len - 1)) == NULL)
		return 0;
	a = encode(one, to);
	if ((two = conf_decode(ibuf_data(a), ibuf_size(a))) == NULL)
		abort();
	b = encode(two, to);
	if (ibuf_size(a) != ibuf_size(b) ||
	    memcmp(ibuf_data(a), ibuf_data(b), ibuf_size(a)) != 0)
		abort();
	ibuf_free(a);
	ibuf_free(b);
	conf_free(one);
	conf_free(two);
	return 0;
}
