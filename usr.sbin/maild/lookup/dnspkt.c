/* Reads a DNS message. */
#include <string.h>

#include "dnspkt.h"

#define DNSPKT_HEADER	12
#define DNSPKT_JUMPS	32	/* compression pointers of one name */

struct dnspkt {
	const uint8_t	*p;
	size_t		 len;
	size_t		 off;
};

static int
dnspkt_u16(struct dnspkt *d, uint16_t *v)
{
	if (d->len - d->off < 2)
		return -1;
	*v = (uint16_t)(d->p[d->off] << 8 | d->p[d->off + 1]);
	d->off += 2;
	return 0;
}

static int
dnspkt_u32(struct dnspkt *d, uint32_t *v)
{
	uint16_t	 hi, lo;

	if (dnspkt_u16(d, &hi) == -1 || dnspkt_u16(d, &lo) == -1)
		return -1;
	*v = (uint32_t)hi << 16 | lo;
	return 0;
}

static int
dnspkt_hostchar(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

/*
 * A name, perhaps compressed.  0; 1: well formed, but not a host's name; -1:
 * malformed.  dst NULL: only step over it.
 */
static int
dnspkt_name(struct dnspkt *d, char *dst)
{
	size_t	 off = d->off, n = 0, i, len, total = 0;
	int	 jumps = 0, odd = 0, c;

	for (;;) {
		if (off >= d->len)
			return -1;
		len = d->p[off++];
		if (len >= 0xc0) {
			if (off >= d->len || ++jumps > DNSPKT_JUMPS)
				return -1;
			if (jumps == 1)
				d->off = off + 1;
			off = (len & 0x3f) << 8 | d->p[off];
			continue;
		}
		if (len > 63 || len > d->len - off)
			return -1;
		if (len == 0)
			break;
		if ((total += len + 1) >= DNSPKT_NAME)
			return -1;
		for (i = 0; dst != NULL && i < len; i++) {
			c = d->p[off + i];
			if (c >= 'A' && c <= 'Z')
				c += 'a' - 'A';
			if (!dnspkt_hostchar(c))
				odd = 1;
			if (i == 0 && n > 0)
				dst[n++] = '.';
			dst[n++] = (char)c;
		}
		off += len;
	}
	if (jumps == 0)
		d->off = off;
	if (dst != NULL)
		dst[n] = '\0';
	return odd;
}

/* The data of one record that is of the type that was asked for. */
static int
dnspkt_rdata(struct dnspkt d, uint16_t type, struct dnspkt_rr *rr,
    size_t rdlen)
{
	size_t	 want = type == DNS_A ? 4 : 16;

	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		if (rdlen != want)
			return -1;
		memcpy(rr->addr, d.p + d.off, want);
		return 0;
	case DNS_MX:
		if (dnspkt_u16(&d, &rr->preference) == -1)
			return -1;
		return dnspkt_name(&d, rr->name);
	case DNS_PTR:
		return dnspkt_name(&d, rr->name);
	default:
		return 1;
	}
}

static int
dnspkt_rr(struct dnspkt *d, uint16_t type, struct dnspkt_rr *rr)
{
	uint16_t	 rtype, class, rdlen;
	int		 ret = 1;

	memset(rr, 0, sizeof(*rr));
	if (dnspkt_name(d, NULL) == -1 || dnspkt_u16(d, &rtype) == -1 ||
	    dnspkt_u16(d, &class) == -1 || dnspkt_u32(d, &rr->ttl) == -1 ||
	    dnspkt_u16(d, &rdlen) == -1 || rdlen > d->len - d->off)
		return -1;
	if (rtype == type && class == 1)
		ret = dnspkt_rdata(*d, type, rr, rdlen);
	d->off += rdlen;
	return ret;
}

int
dnspkt_parse(const uint8_t *p, size_t len, uint16_t type,
    struct dnspkt_rr *rrs, size_t max, size_t *n, unsigned *rcode)
{
	struct dnspkt		 d = { p, len, 4 };
	struct dnspkt_rr	 rr;
	uint16_t		 questions, count;
	int			 ret;

	*n = 0;
	if (len < DNSPKT_HEADER || dnspkt_u16(&d, &questions) == -1 ||
	    dnspkt_u16(&d, &count) == -1)
		return -1;
	*rcode = p[3] & 0x0f;
	d.off = DNSPKT_HEADER;
	while (questions-- > 0) {
		if (dnspkt_name(&d, NULL) == -1 || d.len - d.off < 4)
			return -1;
		d.off += 4;
	}
	while (count-- > 0) {
		if ((ret = dnspkt_rr(&d, type, &rr)) == -1)
			return -1;
		if (ret == 0 && *n < max)
			rrs[(*n)++] = rr;
	}
	return 0;
}
