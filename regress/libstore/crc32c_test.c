/* CRC-32C: known values, and the two ways agree. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/crc32c.h"

ATF_TC_WITHOUT_HEAD(known);
ATF_TC_BODY(known, tc)
{
	uint8_t	 b[32];
	int	 i;

	/* RFC 3720 B.4 */
	memset(b, 0, sizeof(b));
	ATF_REQUIRE_EQ(0x8a9136aaU, crc32c(0, b, 32));
	memset(b, 0xff, sizeof(b));
	ATF_REQUIRE_EQ(0x62a8ab43U, crc32c(0, b, 32));
	for (i = 0; i < 32; i++)
		b[i] = (uint8_t)i;
	ATF_REQUIRE_EQ(0x46dd794eU, crc32c(0, b, 32));
	ATF_REQUIRE_EQ(0xe3069283U, crc32c(0, "123456789", 9));
	ATF_REQUIRE_EQ(0, crc32c(0, "", 0));
}

ATF_TC_WITHOUT_HEAD(agree);
ATF_TC_BODY(agree, tc)
{
	uint8_t	 b[300];
	size_t	 i, j;

	for (i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(i * 37 + 11);
	for (i = 0; i < 16; i++) {
		for (j = i; j < sizeof(b); j++) {
			ATF_REQUIRE_EQ(crc32c_table(7, b + i, j - i),
			    crc32c(7, b + i, j - i));
			/* in two steps */
			ATF_REQUIRE_EQ(crc32c(0, b, j),
			    crc32c(crc32c(0, b, i), b + i, j - i));
		}
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, known);
	ATF_TP_ADD_TC(tp, agree);
	return atf_no_error();
}
