/* A packed table of hostile bytes; the first says of which kind. */
#include <stdlib.h>
#include <string.h>

#include "libtable/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct table		 t;
	struct table_domain	 d;
	struct table_account	 a;
	struct table_alias	 al;
	struct table_member	 m;
	char			 secret[TABTEXT_SECRET + 1];
	uint32_t		 i;

	if (len < 1 || table_open(&t, data[0] % TAB_MAX, data + 1,
	    len - 1) == -1)
		return 0;
	table_find(&t, "alice@example.org", 17);
	table_find(&t, "", 0);
	for (i = 0; i < t.count && i < 100; i++) {
		table_domain_get(&t, i, &d);
		table_account_get(&t, i, &a);
		table_secret_get(&t, i, secret);
		if (table_alias_get(&t, i, &al) == 0)
			while (table_member(&al, &m) == 1)
				;
	}
	return 0;
}
