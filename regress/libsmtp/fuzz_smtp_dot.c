/*
 * A body in two pieces gives what it gives in one; what was encoded decodes.
 * The first byte is the mode, the second where to split.
 */
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_dot.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct result {
	char		*out;
	size_t		 len;
	size_t		 used;
	enum codec	 codec;
};

static void
decode(struct smtp_dot *d, const char *in, size_t len, size_t first, int room,
    struct result *r)
{
	struct iovec	 iov[16];
	size_t		 off = 0, have = first, used;
	int		 n, i;

	r->out = malloc(len + 1);
	r->len = 0;
	for (;;) {
		n = room;
		r->codec = smtp_dot_decode(d, in + off, have - off, &used,
		    iov, &n);
		for (i = 0; i < n; i++) {
			memcpy(r->out + r->len, iov[i].iov_base,
			    iov[i].iov_len);
			r->len += iov[i].iov_len;
		}
		off += used;
		if (r->codec != CODEC_MORE)
			break;
		if (off < have) {
			if (used == 0)
				abort();
			continue;
		}
		if (have == len)
			break;
		have = len;
	}
	r->used = off;
}

static void
round_trip(const char *in, size_t len, int normalise)
{
	struct smtp_dotenc	 e;
	struct smtp_dot		 d;
	struct result		 r;
	char			*out;
	size_t			 n, used;

	out = malloc(2 * len + 16);
	smtp_dotenc_init(&e, normalise);
	n = smtp_dotenc_add(&e, out, 2 * len + 4, in, len, &used);
	if (used != len)
		abort();
	n += smtp_dotenc_end(&e, out + n);
	smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
	decode(&d, out, n, n, 16, &r);
	if (r.codec != CODEC_DONE || r.used != n)
		abort();
	if (!normalise && (r.len < len || memcmp(r.out, in, len) != 0))
		abort();
	free(r.out);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct smtp_dot	 d1, d2;
	struct result	 r1, r2;
	size_t		 split;
	uint64_t	 maxline;
	const char	*in = (const char *)data + 2;

	if (len < 2)
		return 0;
	len -= 2;
	split = data[1] < len ? data[1] : len;
	maxline = data[0] & 4 ? 20 : 0;
	smtp_dot_init(&d1, data[0] % 3, data[0] & 8 ? 50 : 0, maxline);
	d2 = d1;
	decode(&d1, in, len, len, 16, &r1);
	decode(&d2, in, len, split, 1, &r2);
	/* In pieces one limit may be noticed before another fault. */
	if (r1.used != r2.used ||
	    (r1.codec == CODEC_DONE) != (r2.codec == CODEC_DONE) ||
	    (r1.codec == CODEC_MORE) != (r2.codec == CODEC_MORE))
		abort();
	if (d1.error == SMTP_DOT_OK && (r1.len != r2.len ||
	    d1.flags != d2.flags || d1.lines != d2.lines ||
	    d2.error != SMTP_DOT_OK || d1.size != r1.len ||
	    memcmp(r1.out, r2.out, r1.len) != 0))
		abort();
	if (d1.error == SMTP_DOT_OK && smtp_dot_finish(&d1) == CODEC_DONE &&
	    d1.mode == SMTP_DOT_PLAIN)
		round_trip(in, len, 0);
	round_trip(in, len, 1);
	free(r1.out);
	free(r2.out);
	return 0;
}
