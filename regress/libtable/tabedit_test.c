#include <atf-c.h>
#include <errno.h>
#include <string.h>

#include "libtable/tabedit.h"

static struct buf	out;

/* The new text, or NULL with the wanted errno. */
static void
check(int ret, const char *want, int err)
{
	int	 e = errno;

	ATF_CHECK_EQ(want == NULL ? -1 : 0, ret);
	if (want == NULL)
		ATF_CHECK_EQ_MSG(err, e, "%s", strerror(e));
	else {
		buf_addc(&out, '\0');
		ATF_CHECK_STREQ(want, (char *)buf_ptr(&out));
	}
	buf_free(&out);
}

#define T(s)	s, sizeof(s) - 1

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	buf_init(&out, 4096);
	check(tabedit_add(TAB_DOMAINS, T("# x\na.b"), "c.d", &out),
	    "# x\na.b\nc.d\n", 0);
	check(tabedit_add(TAB_DOMAINS, T(""), "c.d", &out), "c.d\n", 0);
	check(tabedit_add(TAB_DOMAINS, T("A.B  # ours\n"), "a.b", &out),
	    NULL, EEXIST);
	check(tabedit_add(TAB_DOMAINS, T(""), "a.b\nc.d", &out), NULL, EINVAL);
	check(tabedit_add(TAB_DOMAINS, T(""), "# a.b", &out), NULL, EINVAL);
	check(tabedit_add(TAB_ACCOUNTS, T(""), "u@a.b:x:wrong", &out), NULL,
	    EINVAL);
	check(tabedit_remove(TAB_DOMAINS, T("a.b\n# k\nc.d\n  catch-all x@c.d"
	    "\n# e\ne.f\n"), "C.D", &out), "a.b\n# k\n# e\ne.f\n", 0);
	check(tabedit_remove(TAB_DOMAINS, T("a.b\n"), "x.y", &out), NULL,
	    ENOENT);
	check(tabedit_remove(TAB_ALIASES, T("@a.b: x@c.d\nroot: y@c.d,\n"
	    "\tz@c.d\n@e.f: q@c.d\n"), "root", &out),
	    "@a.b: x@c.d\n@e.f: q@c.d\n", 0);
	check(tabedit_put(TAB_ALIASES, T("x@a.b: y@a.b,\n z@a.b\nw@a.b: "
	    "y@a.b\n"), "X@a.b: q@r.s", &out), "X@a.b: q@r.s\nw@a.b: y@a.b\n",
	    0);
	check(tabedit_put(TAB_ALIASES, T("w@a.b: y@a.b\n"), "x@a.b: q@r.s",
	    &out), "w@a.b: y@a.b\nx@a.b: q@r.s\n", 0);
}

ATF_TC_WITHOUT_HEAD(secret);
ATF_TC_BODY(secret, tc)
{
	buf_init(&out, 4096);
	check(tabedit_secret(T("# a\nu@a.b:old:quota=1G # big\nv@a.b:z\n"),
	    "U@A.b", "new", &out), "# a\nu@a.b:new:quota=1G # big\nv@a.b:z\n",
	    0);
	check(tabedit_secret(T("u@a.b:\n"), "u@a.b", "$6$x", &out),
	    "u@a.b:$6$x\n", 0);
	check(tabedit_secret(T("u@a.b: SCRAM-SHA-256$1:a$b:c :disabled"),
	    "u@a.b", "", &out), "u@a.b:  :disabled", 0);
	check(tabedit_secret(T("u@a.b:\n"), "v@a.b", "x", &out), NULL, ENOENT);
	check(tabedit_secret(T("u@a.b:\n"), "u@a.b", "a:b", &out), NULL,
	    EINVAL);
	check(tabedit_secret(T("u@a.b:\n"), "u@a.b", "a\nb", &out), NULL,
	    EINVAL);
}

ATF_TC_WITHOUT_HEAD(members);
ATF_TC_BODY(members, tc)
{
	buf_init(&out, 4096);
	check(tabedit_member_add(T("s@a.b: x@a.b # him\nt@a.b: y@a.b\n"),
	    "S@a.b", "z@c.d", &out),
	    "s@a.b: x@a.b,\n\tz@c.d # him\nt@a.b: y@a.b\n", 0);
	check(tabedit_member_add(T("t@a.b: y@a.b\n"), "s@a.b", "z@c.d", &out),
	    "t@a.b: y@a.b\ns@a.b: z@c.d\n", 0);
	check(tabedit_member_add(T("s@a.b: Z@c.d\n"), "s@a.b", "z@C.d", &out),
	    NULL, EEXIST);
	check(tabedit_member_add(T(""), "s@a.b", "no such", &out), NULL,
	    EINVAL);
	check(tabedit_member_remove(T("# k\ns@a.b: x@a.b, y@a.b,\n\tz@a.b\n"
	    "t@a.b: y@a.b\n"), "s@a.b", "y@a.b", &out),
	    "# k\ns@a.b: x@a.b,\n\tz@a.b\nt@a.b: y@a.b\n", 0);
	check(tabedit_member_remove(T("s@a.b: y@a.b\nt@a.b: y@a.b\n"),
	    "s@a.b", "y@a.b", &out), "t@a.b: y@a.b\n", 0);
	check(tabedit_member_remove(T("s@a.b: y@a.b\n"), "s@a.b", "q@a.b",
	    &out), NULL, ENOENT);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, secret);
	ATF_TP_ADD_TC(tp, members);
	return atf_no_error();
}
