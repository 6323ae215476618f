/* Addresses and networks as text: what is taken prints and reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/addr.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_addr(const char *text)
{
	struct sockaddr_storage	 ss;
	struct addr		 a, b;
	char			 out[ADDR_STRLEN];

	if (addr_parse(&a, text) == -1)
		return;
	addr_print_literal(&a, out, sizeof(out));
	addr_print(&a, out, sizeof(out));
	if (addr_parse(&b, out) == -1 || !addr_equal(&a, &b) || b.port != 0)
		abort();
	if (a.family != 0 && (addr_to_sockaddr(&a, &ss) == 0 ||
	    addr_from_sockaddr(&b, (struct sockaddr *)&ss) == -1 ||
	    !addr_equal(&a, &b)))
		abort();
}

static void
check_net(const char *text)
{
	struct addrnet	 net;
	struct addr	 a;

	if (addrnet_parse(&net, text) == -1)
		return;
	if (!addrnet_match(&net, &net.addr))
		abort();
	/* The bit before the last that counts. */
	if (net.addr.family == 0 || net.bits == 0)
		return;
	if (net.bits > (net.addr.family == 4 ? 32 : 128))
		abort();
	a = net.addr;
	a.bytes[(net.bits - 1) / 8] ^= 0x80 >> ((net.bits - 1) % 8);
	if (addrnet_match(&net, &a))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char	*text;

	if (len > 1000 || (text = malloc(len + 1)) == NULL)
		return 0;
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	check_addr(text);
	check_net(text);
	free(text);
	return 0;
}
