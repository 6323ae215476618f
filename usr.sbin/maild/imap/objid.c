#include "objid.h"

char *
objid_put(char *p, char kind, uint64_t id)
{
	static const char	 hex[] = "0123456789abcdef";
	int			 i;

	*p++ = kind;
	for (i = 60; i >= 0; i -= 4)
		*p++ = hex[id >> i & 15];
	return p;
}

int
objid_get(struct span s, char kind, uint64_t *id)
{
	char	 again[OBJID_LEN];
	size_t	 i;
	int	 c;

	if (s.len != OBJID_LEN)
		return -1;
	*id = 0;
	for (i = 1; i < OBJID_LEN; i++) {
		c = s.p[i];
		*id = *id << 4 | (uint64_t)(c >= 'a' ? c - 'a' + 10 :
		    c - '0');
	}
	/* What does not come out the same was not written by us. */
	objid_put(again, kind, *id);
	return memcmp(again, s.p, OBJID_LEN) == 0 ? 0 : -1;
}
