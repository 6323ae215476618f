/* Internet addresses in one small fixed form. */
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/addr.h"

static void
addr_set4(struct addr *a, const void *bytes)
{
	memset(a->bytes, 0, sizeof(a->bytes));
	memcpy(a->bytes, bytes, 4);
	a->family = 4;
}

/* A mapped address is the IPv4 address: one host, one form. */
static void
addr_set6(struct addr *a, const struct in6_addr *in6)
{
	if (IN6_IS_ADDR_V4MAPPED(in6)) {
		addr_set4(a, in6->s6_addr + 12);
		return;
	}
	memcpy(a->bytes, in6->s6_addr, 16);
	a->family = 6;
}

int
addr_from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	struct sockaddr_in	 in4;
	struct sockaddr_in6	 in6;

	memset(a, 0, sizeof(*a));
	switch (sa->sa_family) {
	case AF_UNIX:
		return 0;
	case AF_INET:
		memcpy(&in4, sa, sizeof(in4));
		addr_set4(a, &in4.sin_addr);
		a->port = ntohs(in4.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		addr_set6(a, &in6.sin6_addr);
		a->port = ntohs(in6.sin6_port);
		return 0;
	default:
		errno = EAFNOSUPPORT;
		return -1;
	}
}

socklen_t
addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in	 in4;
	struct sockaddr_in6	 in6;

	memset(ss, 0, sizeof(*ss));
	switch (a->family) {
	case 4:
		memset(&in4, 0, sizeof(in4));
		in4.sin_family = AF_INET;
		in4.sin_port = htons(a->port);
		memcpy(&in4.sin_addr, a->bytes, 4);
		memcpy(ss, &in4, sizeof(in4));
		return sizeof(in4);
	case 6:
		memset(&in6, 0, sizeof(in6));
		in6.sin6_family = AF_INET6;
		in6.sin6_port = htons(a->port);
		memcpy(&in6.sin6_addr, a->bytes, 16);
		memcpy(ss, &in6, sizeof(in6));
		return sizeof(in6);
	default:
		ss->ss_family = AF_UNIX;
		return sizeof(ss->ss_family);
	}
}

const char *
addr_print(const struct addr *a, char *dst, size_t dstsize)
{
	const char	*p = NULL;

	if (a->family == 4)
		p = inet_ntop(AF_INET, a->bytes, dst, (socklen_t)dstsize);
	else if (a->family == 6)
		p = inet_ntop(AF_INET6, a->bytes, dst, (socklen_t)dstsize);
	else
		p = snprintf(dst, dstsize, "local") < 0 ? NULL : dst;
	return p == NULL ? "?" : p;
}

const char *
addr_print_literal(const struct addr *a, char *dst, size_t dstsize)
{
	char	 plain[ADDR_STRLEN];

	addr_print(a, plain, sizeof(plain));
	if (a->family == 0)
		snprintf(dst, dstsize, "%s", plain);
	else
		snprintf(dst, dstsize, "[%s%s]", a->family == 6 ? "IPv6:" : "",
		    plain);
	return dst;
}

/* *mapped: whether it was written as an IPv4-mapped address */
static int
addr_parse_mapped(struct addr *a, const char *s, int *mapped)
{
	struct in6_addr	 in6;
	struct in_addr	 in4;

	memset(a, 0, sizeof(*a));
	*mapped = 0;
	if (strcmp(s, "local") == 0)
		return 0;
	if (inet_pton(AF_INET, s, &in4) == 1) {
		addr_set4(a, &in4);
		return 0;
	}
	if (inet_pton(AF_INET6, s, &in6) == 1) {
		addr_set6(a, &in6);
		*mapped = a->family == 4;
		return 0;
	}
	return -1;
}

int
addr_parse(struct addr *a, const char *s)
{
	int	 mapped;

	return addr_parse_mapped(a, s, &mapped);
}

int
addr_is_own(const struct addr *a)
{
	static const uint8_t	 own4[4] = { 127, 0, 0, 1 };
	static const uint8_t	 own6[16] = { [15] = 1 };

	if (a->family == 4)
		return memcmp(a->bytes, own4, sizeof(own4)) == 0;
	return a->family == 6 && memcmp(a->bytes, own6, sizeof(own6)) == 0;
}

int
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* The number after the slash: digits only, no sign, no leading zero. */
static int
addrnet_bits(const char *s)
{
	const char	*errstr;
	int		 n;

	if (s[0] < '0' || s[0] > '9' || (s[0] == '0' && s[1] != '\0'))
		return -1;
	n = (int)strtonum(s, 0, 128, &errstr);
	return errstr == NULL ? n : -1;
}

int
addrnet_parse(struct addrnet *net, const char *s)
{
	char		 host[ADDR_STRLEN];
	const char	*slash;
	int		 i, bits, full, mapped;
	size_t		 len;

	slash = strchr(s, '/');
	len = slash == NULL ? strlen(s) : (size_t)(slash - s);
	if (len >= sizeof(host))
		return -1;
	memcpy(host, s, len);
	host[len] = '\0';
	if (addr_parse_mapped(&net->addr, host, &mapped) == -1)
		return -1;
	full = net->addr.family == 4 ? 32 : net->addr.family == 6 ? 128 : 0;
	bits = full;
	if (slash != NULL) {
		if (net->addr.family == 0 ||
		    (bits = addrnet_bits(slash + 1)) == -1)
			return -1;
		if (mapped)
			bits -= 96;
		if (bits < 0 || bits > full)
			return -1;
	}
	for (i = bits; i < full; i++)
		if (net->addr.bytes[i / 8] & (0x80 >> i % 8))
			return -1;
	net->bits = (uint8_t)bits;
	return 0;
}

int
addrnet_match(const struct addrnet *net, const struct addr *a)
{
	unsigned int	 whole = net->bits / 8, rest = net->bits % 8, mask;

	if (net->addr.family != a->family)
		return 0;
	if (memcmp(net->addr.bytes, a->bytes, whole) != 0)
		return 0;
	if (rest == 0)
		return 1;
	mask = 0xff00U >> rest & 0xff;
	return ((net->addr.bytes[whole] ^ a->bytes[whole]) & mask) == 0;
}
