/* The bytes are the three texts, parted by 0x01 bytes. */
#include <stdlib.h>
#include <string.h>

#include "libtable/tabedit.h"
#include "libtable/tabset.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
error(const char *file, unsigned line, const char *word, const char *text,
    void *arg)
{
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum tabkind order[] = { TAB_DOMAINS, TAB_ACCOUNTS,
	    TAB_ALIASES };
	struct tabset	*ts;
	const uint8_t	*p = data, *end = data + len, *sep;
	struct buf	 out;
	uint8_t		*packed;
	size_t		 n, packedlen;
	int		 i;

	if ((ts = tabset_new('+', error, NULL)) == NULL)
		return 0;
	for (i = 0; i < 3; i++) {
		sep = p == end ? NULL : memchr(p, 1, (size_t)(end - p));
		n = (size_t)((sep == NULL ? end : sep) - p);
		tabset_add(ts, order[i], "x", (const char *)p, n);
		buf_init(&out, 1 << 20);
		tabedit_remove(order[i], (const char *)p, n, "a@a.b", &out);
		buf_free(&out);
		tabedit_member_add((const char *)p, n, "a@a.b", "b@a.b", &out);
		buf_free(&out);
		tabedit_secret((const char *)p, n, "a@a.b", "x", &out);
		buf_free(&out);
		p = sep == NULL ? end : sep + 1;
	}
	if (tabset_check(ts) == 0)
		for (i = 0; i < TAB_MAX; i++)
			if (tabset_pack(ts, i, &packed, &packedlen) == 0)
				free(packed);
	tabset_free(ts);
	return 0;
}
