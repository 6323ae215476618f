/* pop3_top: in one piece, in two at every place, and byte by byte. */
#include <string.h>

#include <atf-c.h>

#include "libpop3/pop3_top.h"

static void
check(const char *text, uint32_t lines, size_t want, int done)
{
	struct pop3_top	 t;
	size_t		 len = strlen(text), i, n;

	for (i = 0; i <= len; i++) {
		pop3_top_init(&t, lines);
		n = pop3_top_add(&t, text, i);
		if (n == i)
			n += pop3_top_add(&t, text + i, len - i);
		ATF_CHECK_EQ_MSG(want, n, "%s: %u, split at %zu: %zu", text,
		    lines, i, n);
		ATF_CHECK_EQ(done, t.done);
	}
	pop3_top_init(&t, lines);
	for (n = 0; n < len && pop3_top_add(&t, text + n, 1) == 1; n++)
		;
	ATF_CHECK_EQ(want, n);
}

ATF_TC_WITHOUT_HEAD(top);
ATF_TC_BODY(top, tc)
{
	static const char	 mail[] = "A: b\r\n c\r\n\r\n1\r\n\r\n3\r\n";

	check(mail, 0, 12, 1);
	check(mail, 1, 15, 1);
	check(mail, 2, 17, 1);
	check(mail, 3, 20, 1);
	check(mail, 4, 20, 0);
	check(mail, UINT32_MAX, 20, 0);
	check("A: b\n\n1\n2\n", 1, 8, 1);
	check("A: b\r\n", 0, 6, 0);
	check("A: b", 0, 4, 0);
	check("\r\nbody", 0, 2, 1);
	check("\r\nbody", 1, 6, 0);
	check("\r\r\nx\r\n", 0, 3, 1);
	check("", 5, 0, 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, top);
	return atf_no_error();
}
