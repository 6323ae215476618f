#include <atf-c.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/buf.h"

ATF_TC_WITHOUT_HEAD(cap);
ATF_TC_BODY(cap, tc)
{
	struct buf	 b;
	char		 mem[1000];

	memset(mem, 'x', sizeof(mem));
	buf_init(&b, 1000);
	ATF_CHECK(buf_ptr(&b) == NULL);
	ATF_CHECK_EQ(0, buf_add(&b, NULL, 0));
	ATF_CHECK(b.data == NULL);
	ATF_CHECK(buf_add(&b, mem, 1001) == -1 && errno == EMSGSIZE);
	ATF_CHECK(buf_reserve(&b, SIZE_MAX) == NULL && errno == EMSGSIZE);
	ATF_CHECK_EQ(0, buf_add(&b, mem, 999));
	ATF_CHECK_EQ(0, buf_addc(&b, 'y'));
	ATF_CHECK(buf_addc(&b, 'z') == -1 && errno == EMSGSIZE);
	ATF_CHECK_EQ(1000, b.len);
	/* What is drained is room again. */
	buf_drain(&b, 10);
	ATF_CHECK_EQ(0, buf_add(&b, mem, 10));
	ATF_CHECK_EQ(-1, buf_addc(&b, 'z'));
	ATF_CHECK_EQ('y', buf_ptr(&b)[989]);
	buf_truncate(&b, 5);
	ATF_CHECK_EQ(5, b.len);
	buf_drain(&b, 5);
	ATF_CHECK(b.data == NULL && buf_ptr(&b) == NULL);
	buf_free(&b);
	ATF_CHECK_EQ(1000, b.max);
	buf_init(&b, 0);
	ATF_CHECK_EQ(-1, buf_addc(&b, 'z'));
}

/* A stream of counted bytes, in sizes that go through growing and moving. */
ATF_TC_WITHOUT_HEAD(model);
ATF_TC_BODY(model, tc)
{
	struct buf	 b;
	size_t		 j, n, i;
	unsigned int	 seed = 1, next = 0, out = 0;

	buf_init(&b, 5000);
	b.secret = 1;
	for (i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		n = seed >> 16 & 255;
		if (seed >> 24 & 1) {
			while (n-- > 0 && buf_addc(&b, (int)(next & 255)) == 0)
				next++;
		} else {
			if (n > b.len)
				n = b.len;
			for (j = 0; j < n; j++)
				ATF_REQUIRE_EQ((out + j) & 255,
				    buf_ptr(&b)[j]);
			out += (unsigned int)n;
			buf_drain(&b, n);
		}
		ATF_REQUIRE_EQ(next - out, b.len);
		ATF_REQUIRE(b.size <= b.max && b.off + b.len <= b.size);
	}
	buf_freezero(&b);
}

ATF_TC_WITHOUT_HEAD(format);
ATF_TC_BODY(format, tc)
{
	struct buf	 b;
	char		 big[600];

	memset(big, 'b', sizeof(big));
	big[599] = '\0';
	buf_init(&b, 1000);
	ATF_CHECK_EQ(0, buf_addf(&b, "%s %d", "a", 12));
	ATF_CHECK_EQ(0, buf_addf(&b, "%s", ""));
	ATF_CHECK_EQ(0, buf_addstr(&b, "!"));
	ATF_CHECK_EQ(5, b.len);
	ATF_CHECK_EQ(0, memcmp(buf_ptr(&b), "a 12!", 5));
	ATF_CHECK_EQ(0, buf_addf(&b, "%s", big));
	ATF_CHECK_EQ(604, b.len);
	ATF_CHECK(buf_addf(&b, "%s", big) == -1 && errno == EMSGSIZE);
	ATF_CHECK_EQ(604, b.len);
	/* The NUL takes no room: just full is not too much. */
	ATF_CHECK_EQ(0, buf_addf(&b, "%.*s", 396, big));
	ATF_CHECK_EQ(1000, b.len);
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(reserve);
ATF_TC_BODY(reserve, tc)
{
	struct buf	 b;
	char		*p;

	buf_init(&b, 1 << 20);
	ATF_REQUIRE((p = buf_reserve(&b, 70000)) != NULL);
	memset(p, 'a', 70000);
	buf_commit(&b, 3);
	ATF_CHECK_EQ(3, b.len);
	ATF_CHECK_EQ(0, buf_addc(&b, 'b'));
	ATF_CHECK_EQ(0, memcmp(buf_ptr(&b), "aaab", 4));
	buf_free(&b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cap);
	ATF_TP_ADD_TC(tp, model);
	ATF_TP_ADD_TC(tp, format);
	ATF_TP_ADD_TC(tp, reserve);
	return atf_no_error();
}
