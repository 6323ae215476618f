#include <string.h>

#include "engine.h"
#include "keywords.h"

enum mstore_code
keywords_mask(uint64_t mbox, const char *names, int create, uint64_t *mask)
{
	struct span		 v[MSTORE_NKEYWORDS];
	enum mstore_code	 code;
	size_t			 n = 0, len;

	*mask = 0;
	while (*names != '\0') {
		len = strcspn(names, " ");
		if (n == MSTORE_NKEYWORDS)
			return MSTORE_LIMIT;
		v[n++] = (struct span){ names, len };
		names += len;
		names += *names == ' ';
	}
	if (n == 0)
		return MSTORE_OK;
	code = mstore_keyword_mask(create ? engine_begin() : engine(), mbox,
	    v, n, create, mask);
	/* To take away what the mailbox has never heard of is no error. */
	if (code == MSTORE_LIMIT && !create)
		return MSTORE_OK;
	return code;
}
