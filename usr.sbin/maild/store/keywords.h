/* Keywords as the messages of imap have them: names separated by spaces. */
#ifndef KEYWORDS_H
#define KEYWORDS_H

#include <stdint.h>

#include "libstore/mstore.h"

/* Names to the mailbox's bits; with create, new ones are added to it. */
enum mstore_code keywords_mask(uint64_t mbox, const char *names, int create,
	    uint64_t *mask);

#endif
