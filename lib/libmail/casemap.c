/* i;unicode-casemap (RFC 5051). */
#include <errno.h>
#include <string.h>

#include <utf8proc.h>

#include "libmail/casemap.h"
#include "libmail/charset_int.h"

/*
 * ASCII in upper case, a word at a time: text is mostly this.  Returns how
 * many bytes were taken.
 */
static size_t
upper_run(const uint8_t *s, size_t len, uint8_t *d)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w, ge_a, gt_z;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&w, s + i, 8);
		if ((w & (ones * 0x80)) != 0)
			break;
		ge_a = w + ones * (0x80 - 'a');
		gt_z = w + ones * (0x80 - 'z' - 1);
		w -= (ge_a & ~gt_z & (ones * 0x80)) >> 2;
		memcpy(d + i, &w, 8);
	}
	for (; i < len && s[i] < 0x80; i++)
		d[i] = s[i] >= 'a' && s[i] <= 'z' ? s[i] - 32 : s[i];
	return i;
}

static void
map_char(uint32_t cp, struct sink *k)
{
	utf8proc_int32_t d[32];
	utf8proc_ssize_t i, n;

	n = utf8proc_decompose_char(utf8proc_totitle((utf8proc_int32_t)cp),
	    d, 32, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, NULL);
	if (n < 0 || n > 32)
		sink_cp(k, cp);
	for (i = 0; i < n && n <= 32; i++)
		sink_cp(k, (uint32_t)d[i]);
}

int
casemap_add(struct span text, struct buf *out)
{
	const uint8_t *s = (const uint8_t *)text.p;
	uint8_t tmp[512];
	struct sink k;
	uint32_t cp;
	size_t i = 0, n;

	sink_init(&k, out);
	while (i < text.len && !k.full) {
		n = text.len - i < sizeof(tmp) ? text.len - i : sizeof(tmp);
		if ((n = upper_run(s + i, n, tmp)) > 0) {
			sink_add(&k, tmp, n);
			i += n;
			continue;
		}
		n = utf8_get(text.p + i, text.len - i, &cp);
		if (n == 1)
			sink_add(&k, text.p + i, 1);	/* no UTF-8 */
		else
			map_char(cp, &k);
		i += n;
	}
	return sink_end(&k);
}
