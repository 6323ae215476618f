#include "dnspkt.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint16_t	 types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_PTR };
	struct dnspkt_rr	 rrs[DNSPKT_RRS];
	unsigned		 rcode;
	size_t			 n;

	if (len > 0)
		dnspkt_parse(data + 1, len - 1, types[data[0] % 4], rrs,
		    DNSPKT_RRS, &n, &rcode);
	return 0;
}
