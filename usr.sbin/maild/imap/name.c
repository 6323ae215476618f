#include "libimap/imap_flags.h"
#include "libstore/mstore.h"
#include "name.h"
#include "isession.h"

static const struct {
	uint32_t	 imap, store;
} uses[] = {
	{ IMAP_USE_ALL,		MSTORE_USE_ALL },
	{ IMAP_USE_ARCHIVE,	MSTORE_USE_ARCHIVE },
	{ IMAP_USE_DRAFTS,	MSTORE_USE_DRAFTS },
	{ IMAP_USE_FLAGGED,	MSTORE_USE_FLAGGED },
	{ IMAP_USE_JUNK,	MSTORE_USE_JUNK },
	{ IMAP_USE_SENT,	MSTORE_USE_SENT },
	{ IMAP_USE_TRASH,	MSTORE_USE_TRASH },
	{ IMAP_USE_IMPORTANT,	MSTORE_USE_IMPORTANT }
};

int
name_read(struct isession *s, struct span wire, int flags,
    char dst[IMAP_NAME_MAX + 1])
{
	const char	*why;

	if (s->st.enabled & (IMAP_EN_UTF8 | IMAP_EN_REV2))
		flags |= IMAP_NAME_UTF8;
	if (imap_name_read(wire, flags, dst, &why) != -1)
		return 0;
	isession_done(s, IMAP_RESULT_NO, flags & IMAP_NAME_NEW ? "CANNOT" :
	    "NONEXISTENT", why);
	return -1;
}

uint32_t
name_use_to_store(uint32_t use)
{
	uint32_t	 out = 0;
	size_t		 i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (use & uses[i].imap)
			out |= uses[i].store;
	}
	return out;
}

uint32_t
name_use_from_store(uint32_t use)
{
	uint32_t	 out = 0;
	size_t		 i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (use & uses[i].store)
			out |= uses[i].imap;
	}
	return out;
}
