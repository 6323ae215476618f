/* SORT and THREAD: the order, the trees, and how both are written. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_sort_run.h"
#include "libimap/imap_thread_run.h"
#include "libimap/imap_write_sort.h"

/* ---- SORT --------------------------------------------------------------- */

static const struct imap_sort_row rows[] = {
	{ .arrival = 30, .date = 3, .size = 10, .subject = { "B", 1 },
	    .from = { "X", 1 }, .disp_from = { "ZED", 3 } },
	{ .arrival = 20, .date = -5, .size = 10, .subject = { "A", 1 },
	    .from = { "XY", 2 }, .disp_from = { "ANN", 3 } },
	{ .arrival = 10, .date = 3, .size = 7, .subject = { "A\0B", 3 },
	    .to = { "T", 1 } },
	{ .arrival = 10, .date = 9, .size = 300, .subject = { "", 0 },
	    .cc = { "C", 1 } }
};

static void
sorted(const char *want, const uint8_t *keys, uint32_t nkeys)
{
	struct imap_sorter	*s;
	struct imap_out		 o;
	struct buf		 b;
	const uint32_t		*v;
	size_t			 i, n;

	ATF_REQUIRE((s = imap_sorter_new(keys, nkeys)) != NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ATF_REQUIRE_EQ(imap_sorter_add(s, i + 1, &rows[i]), 0);
	ATF_REQUIRE((v = imap_sorter_end(s, &n)) != NULL);
	buf_init(&b, 1024);
	imap_out_init(&o, &b, 0);
	imap_out_sort(&o, v, n, 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
	imap_sorter_free(s);
}
#define SORTED(want, ...)						\
	sorted("* SORT " want "\r\n", (const uint8_t []){ __VA_ARGS__ },\
	    sizeof((const uint8_t []){ __VA_ARGS__ }))
#define R	IMAP_SORT_REVERSE

ATF_TC_WITHOUT_HEAD(keys);
ATF_TC_BODY(keys, tc)
{
	SORTED("3 4 2 1", IMAP_SORT_ARRIVAL);
	SORTED("1 2 3 4", IMAP_SORT_ARRIVAL | R);
	SORTED("2 1 3 4", IMAP_SORT_DATE);
	SORTED("4 1 3 2", IMAP_SORT_DATE | R);
	SORTED("3 1 2 4", IMAP_SORT_SIZE);
	SORTED("4 1 2 3", IMAP_SORT_SIZE | R);
	SORTED("4 2 3 1", IMAP_SORT_SUBJECT);
	SORTED("1 3 2 4", IMAP_SORT_SUBJECT | R);
	SORTED("3 4 1 2", IMAP_SORT_FROM);
	SORTED("2 1 3 4", IMAP_SORT_FROM | R);
	SORTED("1 2 4 3", IMAP_SORT_TO);
	SORTED("1 2 3 4", IMAP_SORT_CC);
	SORTED("3 4 2 1", IMAP_SORT_DISPLAYFROM);
	SORTED("3 2 1 4", IMAP_SORT_SIZE, IMAP_SORT_DATE);
	SORTED("4 2 1 3", IMAP_SORT_SIZE | R, IMAP_SORT_SUBJECT);
}

/* More than a run: against a sort that is known. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	const uint8_t		 keys[] = { IMAP_SORT_SUBJECT, IMAP_SORT_SIZE };
	enum { N = 100000 };
	struct imap_sorter	*s;
	struct imap_sort_row	*r;
	char			(*text)[16];
	const uint32_t		*v;
	uint64_t		 x = 7;
	size_t			 i, n;
	int			 rc;

	text = calloc(N, sizeof(*text));
	r = calloc(N, sizeof(*r));
	ATF_REQUIRE(text != NULL && r != NULL);
	ATF_REQUIRE((s = imap_sorter_new(keys, 2)) != NULL);
	for (i = 0; i < N; i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		snprintf(text[i], sizeof(text[i]), "SUBJECT %u",
		    (unsigned)(x >> 40) % 3000);
		r[i].subject = span_of(text[i]);
		r[i].size = x >> 60;
		ATF_REQUIRE_EQ(imap_sorter_add(s, i + 1, &r[i]), 0);
	}
	ATF_REQUIRE((v = imap_sorter_end(s, &n)) != NULL);
	ATF_REQUIRE_EQ(n, N);
	for (i = 1; i < n; i++) {
		rc = strcmp(text[v[i - 1] - 1], text[v[i] - 1]);
		if (rc == 0 && r[v[i - 1] - 1].size != r[v[i] - 1].size)
			rc = r[v[i - 1] - 1].size < r[v[i] - 1].size ? -1 : 1;
		ATF_REQUIRE(rc < 0 || (rc == 0 && v[i - 1] < v[i]));
	}
	imap_sorter_free(s);
	free(text);
	free(r);
}

static void
esort(const char *want, uint32_t ret, int64_t a, int64_t b, size_t n)
{
	static const uint32_t	 v[] = { 5, 3, 4, 1, 2 };
	struct imap_search	 q = { .ret = ret, .partial_a = a,
	    .partial_b = b };
	struct imap_out		 o;
	struct buf		 out;

	buf_init(&out, 1024);
	imap_out_init(&o, &out, 0);
	imap_out_esort(&o, SPAN("A1"), 1, &q, v, n, 0);
	buf_addc(&out, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&out), want);
	buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(extended);
ATF_TC_BODY(extended, tc)
{
#define E	"* ESEARCH (TAG \"A1\") UID"
	esort(E " ALL 5,3:4,1:2\r\n", IMAP_RET_ALL, 0, 0, 5);
	esort(E " MIN 5 MAX 2 COUNT 5\r\n", IMAP_RET_MIN | IMAP_RET_MAX |
	    IMAP_RET_COUNT, 0, 0, 5);
	esort(E " COUNT 0\r\n", IMAP_RET_MIN | IMAP_RET_ALL | IMAP_RET_COUNT,
	    0, 0, 0);
	esort(E " PARTIAL (2:3 3:4)\r\n", IMAP_RET_PARTIAL, 2, 3, 5);
	esort(E " PARTIAL (9:4 1:2)\r\n", IMAP_RET_PARTIAL, 9, 4, 5);
	esort(E " PARTIAL (6:9 NIL)\r\n", IMAP_RET_PARTIAL, 6, 9, 5);
	esort(E " PARTIAL (-1:-2 1:2)\r\n", IMAP_RET_PARTIAL, -1, -2, 5);
	esort(E " PARTIAL (-4:-9 5,3)\r\n", IMAP_RET_PARTIAL, -4, -9, 5);
	esort(E " PARTIAL (-6:-9 NIL)\r\n", IMAP_RET_PARTIAL, -6, -9, 5);
}

/* ---- THREAD ------------------------------------------------------------- */

static struct imap_threads *threads;
static uint32_t		 num;

static void
begin(enum imap_thread_alg alg)
{
	ATF_REQUIRE((threads = imap_threads_new(alg)) != NULL);
	num = 0;
}

/* refs: a letter for each id; a subject in small letters is a reply. */
static void
add(int64_t date, char subject, char id, const char *refs)
{
	struct imap_thread_row	 r = { .num = ++num, .date = date };
	uint64_t		 v[16];

	r.subject = subject & ~0x20;
	r.reply = subject >= 'a' && subject <= 'z';
	r.msgid = id;
	for (; *refs != '\0'; refs++)
		v[r.nrefs++] = *refs;
	r.refs = v;
	ATF_REQUIRE_EQ(imap_threads_add(threads, &r), 0);
}

static void
end(const char *want)
{
	struct imap_out	 o;
	struct buf	 b;

	ATF_REQUIRE_EQ(imap_threads_end(threads), 0);
	buf_init(&b, 1 << 20);
	imap_out_init(&o, &b, 0);
	imap_threads_write(threads, &o);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
	imap_threads_free(threads);
}

ATF_TC_WITHOUT_HEAD(orderedsubject);
ATF_TC_BODY(orderedsubject, tc)
{
	begin(IMAP_THREAD_ORDEREDSUBJECT);
	end("");
	begin(IMAP_THREAD_ORDEREDSUBJECT);
	add(5, 'A', 0, "");
	add(1, 'B', 0, "");
	add(4, 'a', 0, "");
	add(6, 'B', 0, "");
	add(9, 'A', 0, "");
	add(7, 'C', 0, "");
	/* The first by date is the parent of all the others. */
	end("(2 4)(3 (1)(5))(6)");
}

ATF_TC_WITHOUT_HEAD(references);
ATF_TC_BODY(references, tc)
{
	/* RFC 5256 3: a chain, and one with two answers to a message. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "");
	add(2, 'B', 'q', "");
	add(3, 'b', 'r', "q");
	add(4, 'b', 's', "qr");
	add(7, 'b', 't', "qrs");
	add(5, 'b', 'u', "qr");
	add(6, 'b', 'v', "qru");
	end("(1)(2 3 (4 5)(6 7))");
	/* The parent is not here. */
	begin(IMAP_THREAD_REFERENCES);
	add(2, 'a', 'p', "z");
	add(1, 'a', 'q', "z");
	end("((2)(1))");
	/* An answer comes before what it answers. */
	begin(IMAP_THREAD_REFERENCES);
	add(2, 'a', 'p', "q");
	add(1, 'A', 'q', "");
	end("(2 1)");
	/* Dummies on the way are left out; a single child takes the place. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "");
	add(2, 'a', 'q', "pxyz");
	add(3, 'b', 'r', "uvw");
	end("(1 2)(3)");
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'a', 'p', "uvw");
	add(2, 'a', 'q', "uv");
	add(3, 'a', 'r', "qux");
	end("((1)(2)(3))");
}

ATF_TC_WITHOUT_HEAD(subjects);
ATF_TC_BODY(subjects, tc)
{
	/* A reply without references finds the original. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "");
	add(2, 'a', 'q', "");
	add(3, 'B', 'r', "");
	end("(1 2)(3)");
	/* Also when it is the older one. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'a', 'p', "");
	add(2, 'A', 'q', "");
	end("(2 1)");
	/* Two originals, two replies: siblings. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "");
	add(2, 'A', 'q', "");
	add(3, 'A', 'r', "");
	end("((1)(2)(3))");
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'a', 'p', "");
	add(2, 'a', 'q', "");
	end("((1)(2))");
	/* A dummy with that subject takes them in, and another one. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "");
	add(2, 'a', 'q', "z");
	add(3, 'a', 'r', "z");
	add(4, 'a', 's', "y");
	add(5, 'a', 't', "y");
	end("((1)(2)(3)(4)(5))");
	/* No subject is no common subject. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 0, 'p', "");
	add(2, 0, 'q', "");
	end("(1)(2)");
}

ATF_TC_WITHOUT_HEAD(odd);
ATF_TC_BODY(odd, tc)
{
	/* Loops are not made. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "q");
	add(2, 'B', 'q', "p");
	end("(2 1)");
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "p");
	add(2, 'B', 'q', "pqpq");
	end("(1 2)");
	/* The second one of an id is nobody's parent. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 'p', "");
	add(2, 'B', 'p', "");
	add(3, 'C', 'q', "p");
	end("(1 3)(2)");
	/* None at all, and what the message says itself counts most. */
	begin(IMAP_THREAD_REFERENCES);
	add(1, 'A', 0, "");
	add(2, 'B', 'p', "xyq");
	add(3, 'C', 'q', "r");
	add(4, 'D', 'r', "");
	end("(1)(4 3 2)");
}

ATF_TC_WITHOUT_HEAD(refs);
ATF_TC_BODY(refs, tc)
{
	/* No gathering; by the newest of each. */
	begin(IMAP_THREAD_REFS);
	add(1, 'A', 'p', "");
	add(2, 'a', 'q', "");
	add(3, 'b', 'r', "p");
	add(2, 'b', 's', "xy");
	add(1, 'b', 't', "x");
	end("(2)((5)(4))(1 3)");
}

/* A chain of any length; and messages that would make the search for loops
 * dear have an end too. */
ATF_TC_WITHOUT_HEAD(deep);
ATF_TC_BODY(deep, tc)
{
	enum { N = 200000 };
	struct imap_thread_row	 r = { .subject = 5 };
	struct imap_out		 o;
	struct buf		 b;
	uint64_t		 v[64];
	uint32_t		 i, k;

	begin(IMAP_THREAD_REFERENCES);
	r.refs = v;
	for (i = 1; i <= N; i++) {
		r.num = r.msgid = i;
		r.date = i;
		v[0] = i - 1;
		r.nrefs = i > 1;
		ATF_REQUIRE_EQ(imap_threads_add(threads, &r), 0);
	}
	for (k = 0; k < 64; k++)
		v[k] = k % 2 ? 1 : N;
	for (i = N + 1; i <= 2 * N; i++) {
		r.num = r.msgid = i;
		r.nrefs = 64;
		ATF_REQUIRE_EQ(imap_threads_add(threads, &r), 0);
	}
	ATF_REQUIRE_EQ(imap_threads_end(threads), 0);
	buf_init(&b, 1 << 24);
	imap_out_init(&o, &b, 0);
	imap_threads_write(threads, &o);
	ATF_CHECK_EQ(memcmp(buf_ptr(&b), "(1 (2 3 4 5 ", 12), 0);
	buf_free(&b);
	imap_threads_free(threads);
}

/* ---- an order that is kept up to date ----------------------------------- */

static void
add_at(void *arg, size_t at, uint32_t uid)
{
	imap_out_update_at(arg, at, uid);
}

ATF_TC_WITHOUT_HEAD(changing);
ATF_TC_BODY(changing, tc)
{
	const uint8_t		 keys[] = { IMAP_SORT_SIZE };
	struct imap_sort_row	 r = { .size = 0 };
	struct imap_sorter	*s;
	struct imap_out		 o;
	struct rseq		 set;
	struct buf		 b;
	uint32_t		*v;
	size_t			 i, n, at;

	rseq_init(&set);
	ATF_REQUIRE((s = imap_sorter_new(keys, 1)) != NULL);
	ATF_REQUIRE(imap_sorter_end(s, &n) != NULL);
	/* From nothing; between, before and behind; equal ones by number. */
	for (i = 0; i < 6; i++) {
		static const size_t	 sizes[] = { 5, 3, 9, 5, 4, 3 };
		static const size_t	 places[] = { 1, 1, 3, 3, 2, 2 };

		r.size = sizes[i];
		ATF_REQUIRE_EQ(imap_sorter_insert(s, i + 1, &r, &at), 0);
		ATF_CHECK_EQ_MSG(at, places[i], "%zu: %zu", i, at);
	}
	ATF_REQUIRE((v = imap_sorter_end(s, &n)) != NULL && n == 6);
	for (i = 0; i < 6; i++)
		ATF_CHECK_EQ(v[i], "\2\6\5\1\4\3"[i]);
	buf_init(&b, 1024);
	imap_out_init(&o, &b, 0);
	/* 7 is not there. */
	ATF_REQUIRE_EQ(rseq_add(&set, 5, 7), 0);
	ATF_REQUIRE_EQ(rseq_add(&set, 3, 3), 0);
	imap_out_update_begin(&o, SPAN("a"), 1, "REMOVEFROM");
	imap_sorter_remove(s, &set, add_at, &o);
	imap_out_update_end(&o);
	imap_out_update(&o, SPAN("b\"c"), 0, "ADDTO", &set);
	rseq_free(&set);
	imap_out_update(&o, SPAN("none"), 0, "ADDTO", &set);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b),
	    "* ESEARCH (TAG \"a\") UID REMOVEFROM (2 6 2 5 4 3)\r\n"
	    "* ESEARCH (TAG \"b\\\"c\") ADDTO (0 3,5:7)\r\n");
	ATF_REQUIRE((v = imap_sorter_end(s, &n)) != NULL && n == 3);
	for (i = 0; i < 3; i++)
		ATF_CHECK_EQ(v[i], "\2\1\4"[i]);
	buf_free(&b);
	imap_sorter_free(s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, keys);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, extended);
	ATF_TP_ADD_TC(tp, orderedsubject);
	ATF_TP_ADD_TC(tp, references);
	ATF_TP_ADD_TC(tp, subjects);
	ATF_TP_ADD_TC(tp, odd);
	ATF_TP_ADD_TC(tp, refs);
	ATF_TP_ADD_TC(tp, deep);
	ATF_TP_ADD_TC(tp, changing);
	return atf_no_error();
}
