/* The structure of messages, good and broken. */
#include <atf-c.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* "type/subtype(child child)" of all parts, with the body of leaves. */
static void
show(const struct mime *m, uint32_t i, const char *msg, struct buf *b)
{
	const struct mime_part *p = &m->parts[i];
	uint32_t c;

	buf_addf(b, "%.*s/%.*s", (int)p->type.len, p->type.p,
	    (int)p->subtype.len, p->subtype.p);
	if (p->class != MIME_MULTIPART && p->class != MIME_MESSAGE) {
		buf_addf(b, "<%.*s>", (int)p->body_len, msg + p->body_off);
		return;
	}
	buf_addc(b, '(');
	for (c = p->first; c != 0; c = m->parts[c].next) {
		if (c != p->first)
			buf_addc(b, ' ');
		show(m, c, msg, b);
	}
	buf_addc(b, ')');
}

static void
check(const char *msg, const char *want)
{
	struct arena a;
	struct mime m;
	struct buf b;

	arena_init(&a, 1 << 24);
	mime_init(&m, &a);
	buf_init(&b, 1 << 16);
	ATF_REQUIRE_EQ(mime_parse(&m, SPAN_NONE, span_of(msg)), 0);
	check_mime(&m, strlen(msg), msg, 0);
	show(&m, 0, msg, &b);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
	mime_free(&m);
	arena_free(&a);
}

#define MULTI(b)	"Content-Type: multipart/mixed; boundary=" b "\r\n"

ATF_TC_WITHOUT_HEAD(single);
ATF_TC_BODY(single, tc)
{
	check("", "text/plain<>");
	check("A: b", "text/plain<>");
	check("A: b\r\n\r\nbody\r\n", "text/plain<body\r\n>");
	check("\r\nbody", "text/plain<body>");
	check("Content-Type: image/GIF\r\n\r\nx", "image/GIF<x>");
	check("Content-Type: image\r\n\r\nx", "text/plain<x>");
	check("Content-Type: image\r\nContent-Transfer-Encoding: base64\r\n"
	    "\r\nx", "application/octet-stream<x>");
	check("Content-Type: text/html\r\nContent-Type: a/b\r\n\r\nx",
	    "text/html<x>");
}

ATF_TC_WITHOUT_HEAD(multi);
ATF_TC_BODY(multi, tc)
{
	check(MULTI("b") "\r\npre\r\n--b\r\n\r\n1\r\n--b\r\nA: b\r\n\r\n2\r\n"
	    "\r\n--b--\r\nepi\r\n",
	    "multipart/mixed(text/plain<1> text/plain<2\r\n>)");
	check(MULTI("b") "\n\n--b\n\n1\n--b--\n",
	    "multipart/mixed(text/plain<1>)");
	check(MULTI("a") "\r\n--a\r\n" MULTI("b") "\r\n--b\r\n\r\n1\r\n--b--"
	    "\r\n--a\r\n\r\n2\r\n--a--\r\n",
	    "multipart/mixed(multipart/mixed(text/plain<1>) text/plain<2>)");
	check("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	    "S: x\r\n\r\n1\r\n--b--\r\n",
	    "multipart/digest(message/rfc822(text/plain<1>))");
	check("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx",
	    "message/rfc822(text/plain<x>)");
	/* a boundary that is the beginning of another */
	check(MULTI("b") "\r\n--b\r\n" MULTI("bb") "\r\n--bb\r\n\r\n1\r\n"
	    "--bb--\r\n--b\r\n\r\n2\r\n--b--",
	    "multipart/mixed(multipart/mixed(text/plain<1>) text/plain<2>)");
}

ATF_TC_WITHOUT_HEAD(broken);
ATF_TC_BODY(broken, tc)
{
	/* no end, no parts, no boundary, an unnamed one */
	check(MULTI("b") "\r\n--b\r\n\r\n1", "multipart/mixed(text/plain<1>)");
	check(MULTI("b") "\r\nnothing", "multipart/mixed()");
	check("Content-Type: multipart/mixed\r\n\r\nx", "multipart/mixed()");
	check("Content-Type: multipart/mixed\r\n\r\n\r\n--q\r\n\r\n1\r\n"
	    "--q--\r\n", "multipart/mixed(text/plain<1>)");
	/* the end of the inner one is missing */
	check(MULTI("a") "\r\n--a\r\n" MULTI("b") "\r\n--b\r\n\r\n1\r\n"
	    "--a\r\n\r\n2\r\n--a--\r\n",
	    "multipart/mixed(multipart/mixed(text/plain<1>) text/plain<2>)");
	/* and then goes on */
	check(MULTI("a") "\r\n--a\r\n" MULTI("b") "\r\n--b\r\n\r\n1\r\n"
	    "--a--\r\n--b\r\n\r\n2\r\n",
	    "multipart/mixed(multipart/mixed(text/plain<1>))");
	/* headers that a boundary cuts */
	check(MULTI("b") "\r\n--b\r\nContent-Type: a/b\r\n--b\r\n--b--\r\n",
	    "multipart/mixed(a/b<> text/plain<>)");
	check(MULTI("b") "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "S: x\r\n--b--\r\n",
	    "multipart/mixed(message/rfc822(text/plain<>))");
	check(MULTI("b") "--b\r\n\r\n1\r\n--b--\r\n",
	    "multipart/mixed(text/plain<1>)");
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	struct arena a;
	struct mime m;
	struct buf b;
	size_t i;

	arena_init(&a, 1 << 26);
	mime_init(&m, &a);
	buf_init(&b, 1 << 24);
	for (i = 0; i < 1000; i++)
		buf_addf(&b, MULTI("b%04zu") "\r\n--b%04zu\r\n", i, i);
	ATF_REQUIRE_EQ(mime_parse(&m, SPAN_NONE, (struct span){
	    (char *)buf_ptr(&b), b.len }), 0);
	ATF_CHECK_EQ(m.nparts, MIME_MAXDEPTH);
	ATF_CHECK(m.parts[m.nparts - 1].flags & MIME_F_OPAQUE);
	check_mime(&m, b.len, (char *)buf_ptr(&b), 0);

	buf_truncate(&b, 0);
	for (i = 0; i < 1000; i++)
		buf_addstr(&b, "Content-Type: message/rfc822\r\n\r\n");
	ATF_REQUIRE_EQ(mime_parse(&m, SPAN_NONE, (struct span){
	    (char *)buf_ptr(&b), b.len }), 0);
	ATF_CHECK_EQ(m.nparts, MIME_MAXDEPTH);
	check_mime(&m, b.len, (char *)buf_ptr(&b), 0);

	buf_truncate(&b, 0);
	buf_addstr(&b, MULTI("b") "\r\n");
	for (i = 0; i < 2 * MIME_MAXPARTS; i++)
		buf_addstr(&b, "--b\r\n\r\nx\r\n");
	ATF_REQUIRE_EQ(mime_parse(&m, SPAN_NONE, (struct span){
	    (char *)buf_ptr(&b), b.len }), 0);
	ATF_CHECK_EQ(m.nparts, MIME_MAXPARTS);
	check_mime(&m, b.len, (char *)buf_ptr(&b), 0);
	buf_free(&b);
	mime_free(&m);
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(find);
ATF_TC_BODY(find, tc)
{
	static const char msg[] = MULTI("a") "\r\n--a\r\n\r\n1\r\n--a\r\n"
	    "Content-Type: message/rfc822\r\n\r\n" MULTI("b") "\r\n--b\r\n"
	    "\r\n21\r\n--b\r\n\r\n22\r\n--b--\r\n--a\r\n"
	    "Content-Type: message/rfc822\r\n\r\nS: x\r\n\r\n31\r\n--a--\r\n";
	static const struct {
		uint32_t	path[4];
		size_t		n;
		int		idx;
	} want[] = {
		{ { 0 }, 0, 0 }, { { 1 }, 1, 1 }, { { 1, 1 }, 2, -1 },
		{ { 2 }, 1, 2 }, { { 2, 1 }, 2, 4 }, { { 2, 2 }, 2, 5 },
		{ { 2, 3 }, 2, -1 }, { { 3 }, 1, 6 }, { { 3, 1 }, 2, 7 },
		{ { 3, 1, 1 }, 3, -1 }, { { 4 }, 1, -1 }, { { 0, 1 }, 2, -1 }
	};
	struct meta_ctx *x;
	struct meta t;
	struct meta_part p;
	struct buf b;
	size_t i;
	int idx;

	ATF_REQUIRE((x = meta_ctx_new(NULL)) != NULL);
	buf_init(&b, META_MAX);
	ATF_REQUIRE_EQ(meta_build(x, SPAN_NONE, SPAN(msg), &b), 0);
	ATF_REQUIRE_EQ(meta_open(&t, buf_ptr(&b), b.len), 0);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		idx = mime_find(meta_mime(x), want[i].path, want[i].n);
		ATF_CHECK_EQ_MSG(idx, want[i].idx, "%zu: %d", i, idx);
		ATF_CHECK_EQ(meta_part_find(&t, want[i].path, want[i].n, &p),
		    idx == -1 ? -1 : 0);
		if (idx != -1)
			ATF_CHECK_EQ(p.body_off,
			    meta_mime(x)->parts[idx].body_off);
	}
	ATF_CHECK_EQ(meta_part_message(&t, want[3].path, 1, &p), 0);
	ATF_CHECK_EQ(p.class, MIME_MULTIPART);
	ATF_CHECK_EQ(meta_part_message(&t, want[1].path, 1, &p), -1);
	ATF_CHECK_EQ(meta_part_message(&t, want[0].path, 0, &p), 0);
	buf_free(&b);
	meta_ctx_free(x);
}

static char *
slurp(const char *path, size_t *len)
{
	FILE *f;
	char *p;

	ATF_REQUIRE_MSG((f = fopen(path, "rb")) != NULL, "%s", path);
	ATF_REQUIRE((p = malloc(1 << 20)) != NULL);
	*len = fread(p, 1, 1 << 20, f);
	fclose(f);
	return p;
}

/* Every prefix of every message of the corpus, in memory of just its size. */
ATF_TC_WITHOUT_HEAD(prefixes);
ATF_TC_BODY(prefixes, tc)
{
	char dir[1024], path[2048], *p, *q;
	struct meta_ctx *x;
	struct dirent *de;
	size_t len, i;
	DIR *d;
	int n = 0;

	snprintf(dir, sizeof(dir), "%s/../fuzz/corpus/mime",
	    atf_tc_get_config_var(tc, "srcdir"));
	ATF_REQUIRE((x = meta_ctx_new(NULL)) != NULL);
	ATF_REQUIRE_MSG((d = opendir(dir)) != NULL, "%s", dir);
	while ((de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		p = slurp(path, &len);
		for (i = 0; i <= len && i < 4000; i++) {
			ATF_REQUIRE((q = malloc(i + (i == 0))) != NULL);
			memcpy(q, p, i);
			check_message(x, q, i);
			free(q);
		}
		free(p);
		n++;
	}
	closedir(d);
	ATF_CHECK(n >= 10);
	meta_ctx_free(x);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, single);
	ATF_TP_ADD_TC(tp, multi);
	ATF_TP_ADD_TC(tp, broken);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, find);
	ATF_TP_ADD_TC(tp, prefixes);
	return atf_no_error();
}
