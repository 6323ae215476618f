/*
 * Briefs of hostile bytes: the first byte says whether the rest is a brief, or
 * a meta blob (its length the next two bytes) with a header after it, of which
 * briefs are made that must be sound.
 */
#include <stdlib.h>
#include <string.h>

#include "libmail/brief.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static int
walk(const void *p, size_t len)
{
	struct brief_search s;
	struct brief_fields f;
	enum header_id id;
	struct span raw;
	volatile unsigned int x = 0;
	int i;

	if (brief_search_open(&s, p, len) == 0)
		for (i = 0; i < BRIEF_NTEXTS; i++)
			if (s.text[i].p != NULL && s.text[i].len > 0)
				x += (unsigned char)s.text[i].p[
				    s.text[i].len - 1];
	if (brief_fields_open(&f, p, len) == -1)
		return -1;
	x += (unsigned)brief_fields_lacks(&f, 1);
	while (brief_fields_next(&f, &id, &raw)) {
		must(id < HEADER_NIDS);
		if (raw.len > 0)
			x += (unsigned char)raw.p[raw.len - 1];
	}
	must(f.raw.len == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct brief_search s;
	struct meta m;
	struct buf out;
	struct span head;
	size_t n;

	if (len < 3)
		return 0;
	if (data[0] & 1) {
		(void)walk(data + 1, len - 1);
		return 0;
	}
	n = data[1] | (size_t)data[2] << 8;
	if (n > len - 3)
		n = len - 3;
	if (meta_open(&m, data + 3, n) == -1)
		return 0;
	head = (struct span){ (const char *)data + 3 + n, len - 3 - n };
	buf_init(&out, META_MAX);
	must(brief_search_put(&m, &out) == 0);
	if (m.sent.zone >= -1440 && m.sent.zone <= 1440)
		must(brief_search_open(&s, buf_ptr(&out), out.len) == 0);
	buf_truncate(&out, 0);
	must(brief_fields_put(&m, head, &out) == 0);
	must(walk(buf_ptr(&out), out.len) == 0);
	buf_free(&out);
	return 0;
}
