/*
 * Decoders of bodies: first byte encoding, second charset, third where the
 * rest is split, which must not matter.
 */
#include <stdlib.h>
#include <string.h>

#include "libmail/charset.h"
#include "libmail/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct charset_ctx *cs;

static void
same(const struct buf *a, const struct buf *b)
{
	if (a->len != b->len || (a->len > 0 &&
	    memcmp(buf_ptr(a), buf_ptr(b), a->len) != 0))
		abort();
}

static void
transfers(enum transfer enc, const uint8_t *p, size_t len, size_t split)
{
	struct transfer_dec d;
	struct buf a, b;

	buf_init(&a, 1 << 26);
	buf_init(&b, 1 << 26);
	if (transfer_decode(enc, p, len, &a) == -1)
		abort();
	transfer_dec_init(&d, enc);
	if (transfer_dec_add(&d, p, split, &b) == -1 ||
	    transfer_dec_add(&d, p + split, len - split, &b) == -1 ||
	    transfer_dec_end(&d, &b) == -1)
		abort();
	same(&a, &b);
	buf_truncate(&a, 0);
	buf_truncate(&b, 0);
	if (transfer_encode_base64(p, len, &a) == -1 ||
	    transfer_decode(TRANSFER_BASE64, buf_ptr(&a), a.len, &b) == -1 ||
	    b.len != len || (len > 0 && memcmp(buf_ptr(&b), p, len) != 0))
		abort();
	buf_truncate(&a, 0);
	if (transfer_encode_qp(p, len, &a) == -1)
		abort();
	buf_free(&a);
	buf_free(&b);
}

static void
charsets(enum charset id, const uint8_t *p, size_t len, size_t split)
{
	struct charset_dec d;
	struct buf a, b;

	buf_init(&a, 1 << 26);
	buf_init(&b, 1 << 26);
	if (charset_decode(cs, id, p, len, &a) == -1)
		abort();
	if (a.len > 0 && !utf8_valid(buf_ptr(&a), a.len))
		abort();
	charset_dec_init(&d, cs, id);
	if (charset_dec_add(&d, p, split, &b) == -1 ||
	    charset_dec_add(&d, p + split, len - split, &b) == -1 ||
	    charset_dec_end(&d, &b) == -1)
		abort();
	if (id < CHARSET_GB18030)	/* iconv may replace in other pieces */
		same(&a, &b);
	buf_free(&a);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t split;

	if (cs == NULL && ((cs = charset_ctx_new()) == NULL ||
	    charset_preload(cs) == -1))
		abort();
	if (len < 3)
		return 0;
	split = len - 3 < data[2] ? len - 3 : data[2];
	transfers((enum transfer)(data[0] % (TRANSFER_UNKNOWN + 1)), data + 3,
	    len - 3, split);
	charsets((enum charset)(data[1] % CHARSET_NIDS), data + 3, len - 3,
	    split);
	return 0;
}
