#include <string.h>

#include "rights.h"

static const char	 letters[] = "lrswipkxtea";	/* bit 0 first */

int
rights_parse(struct span s, uint16_t *rights)
{
	const char	*p;
	size_t		 i;

	*rights = 0;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] == 'c')
			*rights |= RIGHT_K | RIGHT_X;
		else if (s.p[i] == 'd')
			*rights |= RIGHT_T | RIGHT_E;
		else if (s.p[i] != '\0' &&
		    (p = strchr(letters, s.p[i])) != NULL)
			*rights |= (uint16_t)(1U << (p - letters));
		else
			return -1;
	}
	return 0;
}

void
rights_print(uint16_t rights, int compat, char dst[RIGHTS_LEN])
{
	size_t	 i, n = 0;

	for (i = 0; letters[i] != '\0'; i++) {
		if (compat && letters[i] == 'a') {
			if (rights & (RIGHT_K | RIGHT_X))
				dst[n++] = 'c';
			if (rights & (RIGHT_T | RIGHT_E))
				dst[n++] = 'd';
		}
		if (rights >> i & 1)
			dst[n++] = letters[i];
	}
	dst[n] = '\0';
}

int
aclrow_put(struct buf *b, const struct aclrow *r)
{
	uint8_t	*p;

	if (r->ident.len > UINT16_MAX ||
	    (p = buf_reserve(b, 4 + r->ident.len)) == NULL)
		return -1;
	p[0] = (uint8_t)r->rights;
	p[1] = (uint8_t)(r->rights >> 8);
	p[2] = (uint8_t)r->ident.len;
	p[3] = (uint8_t)(r->ident.len >> 8);
	if (r->ident.len > 0)
		memcpy(p + 4, r->ident.p, r->ident.len);
	buf_commit(b, 4 + r->ident.len);
	return 0;
}

int
aclrow_next(const void *rows, size_t len, size_t *off, struct aclrow *r)
{
	const uint8_t	*p = (const uint8_t *)rows + *off;
	size_t		 left = len - *off;

	if (left == 0)
		return 0;
	if (left < 4)
		return -1;
	r->rights = (uint16_t)(p[0] | p[1] << 8);
	r->ident.len = (size_t)(p[2] | p[3] << 8);
	r->ident.p = (const char *)p + 4;
	if (r->ident.len > left - 4)
		return -1;
	*off += 4 + r->ident.len;
	return 1;
}
