/*
 * maild.conf(5) as text.  No include: what else lies around is no part of the
 * input.  conf_check is left out, it looks at files.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/queue.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimsg/imsg.h"
#include "conf.h"
#include "conf_local.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
quiet(const char *line)
{
	(void)line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char		 path[64];
	struct conf	*conf;
	struct ibuf	*b;
	int		 fd;

	if (len > 65536 || memmem(data, len, "include", 7) != NULL)
		return 0;
	/* A macro could spell it too: one alone is enough to try. */
	if (len > 0 && memchr(data, '$', len) != NULL &&
	    memmem(data, len, "incl", 4) != NULL)
		return 0;
	if ((fd = memfd_create("conf", MFD_CLOEXEC)) == -1)
		abort();
	if (write(fd, data, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conf_error_hook(quiet);
	conf_error_reset();
	if ((conf = conf_parse(path, NULL, NULL, 0)) != NULL) {
		b = ibuf_dynamic(64, 1 << 24);
		if (b == NULL || conf_encode(conf, PROC_RELAY, b) == -1)
			abort();
		ibuf_free(b);
		conf_free(conf);
	}
	close(fd);
	return 0;
}
