/* URLs of messages. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_url.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct imap_arena	 arena;
	struct imap_url		 u;
	char			*copy;

	if ((copy = malloc(len + 1)) == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	imap_arena_init(&arena, 65536);
	if (imap_url_parse(&arena, (struct span){ copy, len }, &u) == 0) {
		assert(u.uid != 0);
		assert(u.rump.len <= len);
		assert(u.mailbox.p == NULL || u.mailbox.len > 0);
		assert((u.token.p != NULL) == (u.mech.p != NULL));
		assert(u.token.p == NULL || u.access != IMAP_URL_NONE);
	}
	imap_arena_free(&arena);
	free(copy);
	return 0;
}
