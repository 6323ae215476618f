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
