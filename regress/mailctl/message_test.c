/* Reading a message in every division, and the header's odd forms. */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "rcpt.h"

/* Through a pipe, cut after n bytes: message_read sees two pieces. */
static void
read_cut(struct message *m, const char *text, size_t len, size_t n, int dots)
{
	int	 fds[2];
	pid_t	 pid;

	ATF_REQUIRE(pipe(fds) == 0);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		close(fds[0]);
		if (write(fds[1], text, n) == -1)
			_exit(1);
		/* The reader takes the first piece before there is more. */
		usleep(n > 0 && n < len ? 2000 : 0);
		if (write(fds[1], text + n, len - n) == -1)
			_exit(0);
		_exit(0);
	}
	close(fds[1]);
	ATF_REQUIRE(message_read(m, fds[0], dots) == 0);
	close(fds[0]);
}

static void
check_read(const char *text, int dots, const char *want)
{
	struct message	 m;
	size_t		 n, len = strlen(text);

	for (n = 0; n <= len; n++) {
		read_cut(&m, text, len, n, dots);
		ATF_CHECK_MSG(m.text.len == strlen(want) &&
		    (m.text.len == 0 || memcmp(buf_ptr(&m.text), want,
		    m.text.len) == 0), "cut at %zu of \"%s\": \"%.*s\"", n,
		    text, (int)m.text.len, (char *)buf_ptr(&m.text));
		message_free(&m);
	}
}

ATF_TC_WITHOUT_HEAD(dots);
ATF_TC_BODY(dots, tc)
{
	check_read("a\n.\nb\n", 1, "a\n");
	check_read("a\n.\nb\n", 0, "a\n.\nb\n");
	check_read("a\r\n.\r\nb", 1, "a\r\n");
	check_read(".\nb\n", 1, "");
	check_read("a\n..\n.b\nc.\n", 1, "a\n..\n.b\nc.\n");
	check_read("a\n.", 1, "a\n");
	check_read("a\n.\r", 1, "a\n.\r");
	check_read("", 1, "");
}

static void
check_header(const char *text, const char *want, const char *rcpts)
{
	struct message	 m;
	struct rcpts	 r;
	char		 got[512] = "";
	size_t		 i;

	memset(&m, 0, sizeof(m));
	buf_init(&m.text, MESSAGE_MAX);
	ATF_REQUIRE(buf_addstr(&m.text, text) == 0);
	rcpts_init(&r, "here.example");
	ATF_REQUIRE(message_header(&m, &r) == 0);
	for (i = 0; i < r.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s%s", i > 0 ? " " : "", r.v[i]);
	if (r.bad != NULL)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "!");
	ATF_CHECK_STREQ(rcpts, got);
	ATF_REQUIRE(buf_addc(&m.text, '\0') == 0);
	ATF_CHECK_STREQ(want, (char *)buf_ptr(&m.text));
	rcpts_free(&r);
	message_free(&m);
}

ATF_TC_WITHOUT_HEAD(header);
ATF_TC_BODY(header, tc)
{
	check_header("", "\n", "");
	check_header("\nTo: a@b.example\n", "\nTo: a@b.example\n", "");
	check_header("text\n", "\ntext\n", "");
	check_header("To: a@b.example", "To: a@b.example\n\n",
	    "a@b.example");
	check_header("To: a@b.example\n\nx", "To: a@b.example\n\nx",
	    "a@b.example");
	/* A line that is no field begins the body. */
	check_header("To: a@b.example\nno field\nCc: c@d.example\n",
	    "To: a@b.example\n\nno field\nCc: c@d.example\n",
	    "a@b.example");
	check_header("Bcc: a@b.example\n", "\n", "a@b.example");
	check_header("bcc:a@b.example\n ,c@d.example\nX: y\n\nt\n",
	    "X: y\n\nt\n", "a@b.example c@d.example");
	check_header("To: me\nCC: \"a b\"@X.example\n\n",
	    "To: me\nCC: \"a b\"@X.example\n\n",
	    "me@here.example \"a b\"@x.example");
	check_header("To: (nobody)\n\n", "To: (nobody)\n\n", "");
	check_header("To: a@b.example, x@\n\n", "To: a@b.example, x@\n\n",
	    "a@b.example!");
	/* Resent fields count alone. */
	check_header("Resent-To: a@b.example\nTo: c@d.example\n\n",
	    "Resent-To: a@b.example\nTo: c@d.example\n\n", "a@b.example");
}

ATF_TC_WITHOUT_HEAD(measure);
ATF_TC_BODY(measure, tc)
{
	static const struct {
		const char	*text;
		uint64_t	 size;
		int		 has_8bit;
	} tests[] = {
		{ "", 0, 0 },
		{ "\n", 2, 0 },
		{ "a", 3, 0 },
		{ "a\nb\r\nc\rd", 12, 0 },
		{ "\r", 2, 0 },
		{ "\303\274\n", 4, 1 }
	};
	struct message	 m;
	size_t		 i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		memset(&m, 0, sizeof(m));
		buf_init(&m.text, MESSAGE_MAX);
		ATF_REQUIRE(buf_addstr(&m.text, tests[i].text) == 0);
		message_measure(&m);
		ATF_CHECK_EQ_MSG(tests[i].size, m.size, "test %zu: %llu", i,
		    (unsigned long long)m.size);
		ATF_CHECK_EQ(tests[i].has_8bit, m.has_8bit);
		message_free(&m);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, dots);
	ATF_TP_ADD_TC(tp, header);
	ATF_TP_ADD_TC(tp, measure);
	return atf_no_error();
}
