/*
 * A log of one segment with hostile bytes behind a good header, and with the
 * first byte odd, in place of it.  Records that walking finds can be read.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/seglog.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char	 dir[] = "/tmp/fuzz_seglog.XXXXXX";
static char	 segment[sizeof(dir) + 16];
static uint8_t	 good[4096];
static size_t	 goodlen;

static void
cleanup(void)
{
	unlink(segment);
	rmdir(dir);
}

/* A log with a record, whose bytes are the beginning of every input. */
static void
setup(void)
{
	static const char	*text[SEGLOG_NPARTS] = {
		"one", "two", "three"
	};
	struct seglog_conf	 conf = { .dir = dir, .segsize = 65536 };
	struct seglog_piece	 piece[SEGLOG_NPARTS];
	struct seglog_part	 part[SEGLOG_NPARTS];
	struct seglog_pos	 pos;
	struct seglog		*log;
	ssize_t			 n;
	int			 fd, i;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(segment, sizeof(segment), "%s/00000001.seg", dir);
	atexit(cleanup);
	for (i = 0; i < SEGLOG_NPARTS; i++) {
		piece[i] = (struct seglog_piece){ text[i], -1, 0,
		    strlen(text[i]) };
		part[i] = (struct seglog_part){ &piece[i], 1 };
	}
	if (seglog_open(&log, &conf) == -1 ||
	    seglog_append(log, 1, 1, 0, part, &pos) == -1 ||
	    seglog_flush(log) == -1)
		abort();
	pos = seglog_end(log);
	seglog_close(log);
	if ((fd = open(segment, O_RDONLY)) == -1 ||
	    (n = read(fd, good, pos.off)) != (ssize_t)pos.off)
		abort();
	goodlen = (size_t)n;
	close(fd);
}

static void
walk(struct seglog *log)
{
	struct seglog_pos	 pos = { 0, 0 };
	struct seglog_hdr	 h, again;
	struct buf		 b;
	int			 n, found = 0;

	while (seglog_next(log, &pos, &h) == 1 && found++ < 1000) {
		if (seglog_read_hdr(log, h.pos, &again) == -1)
			abort();
		for (n = 0; n < SEGLOG_NPARTS; n++) {
			buf_init(&b, 65536);
			if (seglog_read_part(log, &h, n, &b) == 0 &&
			    b.len != h.len[n])
				abort();
			buf_free(&b);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seglog_conf	 conf = { .dir = dir, .segsize = 65536 };
	struct seglog		*log;
	int			 fd;

	if (goodlen == 0)
		setup();
	if (len < 1 || len > 60000)
		return 0;
	if ((fd = open(segment, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1)
		abort();
	if (!(data[0] & 1) && write(fd, good, goodlen) != (ssize_t)goodlen)
		abort();
	if (write(fd, data + 1, len - 1) != (ssize_t)len - 1)
		abort();
	close(fd);
	if (seglog_open(&log, &conf) == 0) {
		walk(log);
		seglog_close(log);
	}
	return 0;
}
