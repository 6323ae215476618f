/* An address list, and each address printed. */
#include <stdlib.h>

#include "libmail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct address_list l = ADDRESS_LIST_NONE;
	struct span s = { (const char *)data, len }, local, domain;
	struct arena a;
	struct buf out;
	size_t i;

	arena_init(&a, 1 << 28);
	buf_init(&out, 1 << 24);
	if (address_list_add(&a, &l, s, 1000) == -1)
		abort();
	for (i = 0; i < l.n; i++)
		if (address_print(&l.v[i], &out) == -1)
			abort();
	(void)address_spec_parse(s, &local, &domain);
	(void)address_from_domain(&a, s, &domain);
	buf_free(&out);
	arena_free(&a);
	return 0;
}
