#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libtable/table.h"
#include "libtable/tabset.h"
#include "libtable/taddr.h"

static char	errors[8192];

static void
error(const char *file, unsigned line, const char *word, const char *text,
    void *arg)
{
	size_t	 n = strlen(errors);

	snprintf(errors + n, sizeof(errors) - n, "%s:%u: %s: %s\n", file,
	    line, word, text);
}

static struct tabset *
load(const char *domains, const char *accounts, const char *aliases, int *ok)
{
	struct tabset	*ts;

	errors[0] = '\0';
	ATF_REQUIRE((ts = tabset_new('+', error, NULL)) != NULL);
	*ok = tabset_add(ts, TAB_DOMAINS, "d", domains, strlen(domains));
	*ok |= tabset_add(ts, TAB_ACCOUNTS, "a", accounts, strlen(accounts));
	*ok |= tabset_add(ts, TAB_ALIASES, "l", aliases, strlen(aliases));
	*ok |= tabset_check(ts);
	return ts;
}

#define DOMAINS "# ours\nExample.org\nexample.net alias-of example.org\n" \
	"münchen.example  catch-all alice@example.org # all\n"
#define ACCOUNTS "alice@example.org:$2b$04$abc:quota=1.5G,messages=10," \
	"name=\"Alice, A.\"\nbob@example.org::disabled\n" \
	"Jörg@münchen.example:x\n"
#define SCRAM "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$" \
	"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=:" \
	"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

/* Expect exactly these error lines. */
static void
expect(const char *d, const char *a, const char *l, const char *want)
{
	struct tabset	*ts;
	int		 ok;

	ts = load(d, a, l, &ok);
	ATF_CHECK_STREQ(want, errors);
	ATF_CHECK_EQ(*want == '\0' ? 0 : -1, ok);
	tabset_free(ts);
}

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	struct tabset		*ts;
	struct table		 t;
	struct table_domain	 d;
	struct table_account	 a;
	struct table_alias	 al;
	struct table_member	 m;
	char			 secret[TABTEXT_SECRET + 1];
	uint8_t			*p;
	size_t			 len;
	int			 ok;

	ts = load(DOMAINS, ACCOUNTS "carol@example.org:" SCRAM
	    ":name=Carol\n", "staff@example.org: alice@example.org,\n"
	    "# between\n\tbob+x@Example.net, # him\n  Ext@else.where, Discard\n"
	    "@example.org: staff@example.org\nroot: alice@example.org\n", &ok);
	ATF_CHECK_STREQ("", errors);
	ATF_REQUIRE_EQ(0, ok);

	ATF_REQUIRE_EQ(0, tabset_pack(ts, TAB_DOMAINS, &p, &len));
	ATF_CHECK_EQ(-1, table_open(&t, TAB_ALIASES, p, len));
	ATF_REQUIRE_EQ(0, table_open(&t, TAB_DOMAINS, p, len));
	ATF_CHECK_EQ(3, t.count);
	ATF_REQUIRE_EQ(1, table_domain_find(&t, "example.net", &d));
	ATF_CHECK(span_eq(SPAN("example.org"), d.alias_of));
	ATF_REQUIRE_EQ(1, table_domain_find(&t, "xn--mnchen-3ya.example", &d));
	ATF_CHECK(span_eq(SPAN("alice@example.org"), d.catch_all));
	ATF_CHECK_EQ(0, table_domain_find(&t, "example", &d));
	ATF_CHECK_EQ(0, table_domain_find(&t, "example.orga", &d));
	free(p);

	ATF_REQUIRE_EQ(0, tabset_pack(ts, TAB_ACCOUNTS, &p, &len));
	ATF_REQUIRE_EQ(0, table_open(&t, TAB_ACCOUNTS, p, len));
	ATF_REQUIRE_EQ(1, table_account_find(&t, "alice@example.org", &a));
	ATF_CHECK_EQ(3ULL << 29, a.quota_bytes);
	ATF_CHECK_EQ(10, a.quota_messages);
	ATF_CHECK(a.login && !a.disabled);
	ATF_CHECK(span_eq(SPAN("Alice, A."), a.display));
	ATF_REQUIRE_EQ(0, table_account_get(&t, t.first, &a));
	ATF_CHECK(span_eq(SPAN("alice@example.org"), a.name));
	ATF_REQUIRE_EQ(1, table_account_find(&t, "bob@example.org", &a));
	ATF_CHECK(!a.login && a.disabled);
	ATF_CHECK_EQ(TABTEXT_DEFAULT, a.quota_bytes);
	ATF_REQUIRE_EQ(1, table_account_find(&t,
	    "jörg@xn--mnchen-3ya.example", &a));
	free(p);

	ATF_REQUIRE_EQ(0, tabset_pack(ts, TAB_SECRETS, &p, &len));
	ATF_REQUIRE_EQ(0, table_open(&t, TAB_SECRETS, p, len));
	ATF_CHECK_EQ(3, t.count);
	ATF_CHECK_EQ(TABLE_NONE, table_find(&t, "bob@example.org", 15));
	ATF_REQUIRE_EQ(0, table_secret_get(&t, table_find(&t,
	    "alice@example.org", 17), secret));
	ATF_CHECK_STREQ("$2b$04$abc", secret);
	ATF_REQUIRE_EQ(0, table_secret_get(&t, table_find(&t,
	    "carol@example.org", 17), secret));
	ATF_CHECK_STREQ(SCRAM, secret);
	free(p);

	ATF_REQUIRE_EQ(0, tabset_pack(ts, TAB_ALIASES, &p, &len));
	ATF_REQUIRE_EQ(0, table_open(&t, TAB_ALIASES, p, len));
	ATF_CHECK(table_find(&t, "@example.org", 12) != TABLE_NONE);
	ATF_CHECK(table_find(&t, "root", 4) != TABLE_NONE);
	ATF_REQUIRE_EQ(0, table_alias_get(&t, table_find(&t,
	    "staff@example.org", 17), &al));
	ATF_CHECK_EQ(4, al.nmembers);
	ATF_REQUIRE_EQ(1, table_member(&al, &m));
	ATF_CHECK(span_eq(SPAN("alice@example.org"), m.address));
	ATF_REQUIRE_EQ(1, table_member(&al, &m));
	ATF_CHECK(span_eq(SPAN("bob+x@example.net"), m.address));
	ATF_REQUIRE_EQ(1, table_member(&al, &m));
	ATF_CHECK(span_eq(SPAN("Ext@else.where"), m.address));
	ATF_REQUIRE_EQ(1, table_member(&al, &m));
	ATF_CHECK_EQ(MEMBER_DISCARD, m.kind);
	ATF_CHECK_EQ(0, table_member(&al, &m));
	free(p);
	tabset_free(ts);
}

ATF_TC_WITHOUT_HEAD(bad_lines);
ATF_TC_BODY(bad_lines, tc)
{
	char	 big[TABTEXT_LINE + 100];

	expect("a.b nonsense\n", "", "",
	    "d:1: nonsense: not an option: alias-of or catch-all\n");
	expect("a.b alias-of\n", "", "", "d:1: alias-of: nothing follows\n");
	expect("a..b\n", "", "", "d:1: a..b: not a domain name\n");
	expect("\n  x\na.b\n", "", "",
	    "d:2: x: nothing above it to continue\n");
	expect("a.b", "u@a.b\n", "", "a:1: u@a.b: no colon after it\n");
	expect("a.b", ":x\n", "", "a:1: : nothing before the colon\n");
	expect("a.b", "u:x\n", "", "a:1: u: not an address\n");
	expect("a.b", "u@a.b:x:quota=1X\n", "", "a:1: 1X: not a size\n");
	expect("a.b", "u@a.b:x:quota=\n", "", "a:1: : not a size\n");
	expect("a.b", "u@a.b:x:qota=1\n", "", "a:1: qota: not an option: "
	    "quota=, messages=, name= or disabled\n");
	expect("a.b", "u@a.b:x:\n disabled,\n\n  name=U\n", "", "");
	expect("a.b", "", "x@a.b:\n", "l:1: x@a.b: an alias of nobody\n");
	expect("a.b", "u@a.b:\n", "x@a.b: u@a.b, u\n",
	    "l:1: u: not an address\n");
	expect("a.b", "u@a.b:\n", "x y@a.b: u@a.b\n",
	    "l:1: x y@a.b: not an address\n");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	expect(big, "", "", "d:1: xxxxxxxxxxxxxxxxxxxx: the line is too "
	    "long\n");
}

ATF_TC_WITHOUT_HEAD(bad_tables);
ATF_TC_BODY(bad_tables, tc)
{
	expect("a.b\na.B\n", "", "",
	    "d:2: a.b: is there twice (also in line 1)\n");
	expect("a.b\nc.d alias-of x.y\n", "", "",
	    "d:2: x.y: not one of our domains\n");
	expect("a.b\nc.d alias-of a.b\ne.f alias-of c.d\n", "", "",
	    "d:3: c.d: itself an alias of a.b\n");
	expect("a.b", "u@a.b:\n\nU@a.b:\n", "",
	    "a:3: u@a.b: is there twice (also in line 1)\n");
	expect("a.b", "u@c.d:\n", "", "a:1: u@c.d: c.d is not in domains\n");
	expect("a.b\nc.d alias-of a.b\n", "u@c.d:\n", "",
	    "a:1: u@c.d: c.d is an alias of a.b: write that\n");
	expect("a.b", "u@a.b:\n", "x@a.b: u@a.b,\n v@a.b\n",
	    "l:2: v@a.b: no such account or alias\n");
	expect("a.b catch-all v@a.b", "u@a.b:\n", "",
	    "d:1: v@a.b: no such account or alias\n");
	expect("a.b", "u@a.b:\n", "x@a.b: Postmaster@a.b, u+x+y@a.b\n", "");
	expect("a.b catch-all u@a.b", "u@a.b:\n", "@a.b: u@a.b\n",
	    "l:1: @a.b: the domain has catch-all in domains too\n");
}

ATF_TC_WITHOUT_HEAD(loops);
ATF_TC_BODY(loops, tc)
{
	char	 text[8192];
	size_t	 n = 0;
	int	 i;

	expect("a.b", "", "x@a.b: x@a.b\n",
	    "l:1: x@a.b: loops: x@a.b -> x@a.b\n");
	expect("a.b", "", "x@a.b: y@a.b\ny@a.b: q@e.f,\n\tz@a.b\n"
	    "z@a.b: y+a@a.b\n",
	    "l:4: y@a.b: loops: y@a.b -> z@a.b -> y@a.b\n");
	/* An account that keeps a copy for itself. */
	expect("a.b", "x@a.b:\n", "x@a.b: x@a.b, y@e.f\n", "");
	/* Two ways to one place are no loop. */
	expect("a.b", "u@a.b:\n", "t@a.b: x@a.b, y@a.b\nx@a.b: z@a.b\n"
	    "y@a.b: z@a.b\nz@a.b: u@a.b\n", "");
	for (i = 0; i <= TABSET_DEPTH; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "a%02d@a.b: a%02d@a.b\n", i, i + 1);
	snprintf(text + n, sizeof(text) - n, "a%02d@a.b: q@e.f\n", i);
	expect("a.b", "", text, "l:32: a31@a.b: more than 32 aliases within "
	    "one another\n");
}

/* 100,000 accounts: how many bytes each in all packed tables together. */
ATF_TC_WITHOUT_HEAD(size);
ATF_TC_BODY(size, tc)
{
	struct tabset	*ts;
	struct table	 t;
	char		*text, name[64];
	uint8_t		*p;
	size_t		 n = 0, len, total = 0, cap = 100000 * 260;
	int		 i, kind, secret;

	for (secret = 0; secret < 2; secret++) {
		ATF_REQUIRE((text = malloc(cap)) != NULL);
		for (i = 0, n = 0; i < 100000; i++)
			n += (size_t)snprintf(text + n, cap - n,
			    "firstname.lastname%05d@example.org:%s:quota=1G\n",
			    (i * 7919) % 100000, secret ? SCRAM :
			    "$2b$12$abcdefghijklmnopqrstuu"
			    "abcdefghijklmnopqrstuvwxyz01234");
		ATF_REQUIRE((ts = tabset_new('+', error, NULL)) != NULL);
		ATF_REQUIRE_EQ(0, tabset_add(ts, TAB_DOMAINS, "d",
		    "example.org\n", 12));
		ATF_REQUIRE_EQ(0, tabset_add(ts, TAB_ACCOUNTS, "a", text, n));
		free(text);
		ATF_REQUIRE_EQ(0, tabset_check(ts));
		total = 0;
		for (kind = 0; kind < TAB_MAX; kind++) {
			ATF_REQUIRE_EQ(0, tabset_pack(ts, kind, &p, &len));
			total += len;
			ATF_REQUIRE_EQ(0, table_open(&t, kind, p, len));
			if (kind != TAB_ACCOUNTS && kind != TAB_SECRETS) {
				free(p);
				continue;
			}
			ATF_CHECK_EQ(100000, t.count);
			for (i = 0; i < 100000; i++) {
				snprintf(name, sizeof(name), "firstname."
				    "lastname%05d@example.org", i);
				ATF_REQUIRE_EQ((uint32_t)i, table_find(&t,
				    name, strlen(name)));
			}
			free(p);
		}
		tabset_free(ts);
		printf("%zu bytes each\n", total / 100000);
		ATF_CHECK_MSG(total / 100000 <= 200, "%zu", total / 100000);
	}
}

/* Every prefix of a table, and every byte of it changed: nothing breaks. */
ATF_TC_WITHOUT_HEAD(damage);
ATF_TC_BODY(damage, tc)
{
	struct tabset		*ts;
	struct table		 t;
	struct table_domain	 d;
	struct table_account	 a;
	struct table_alias	 al;
	struct table_member	 m;
	char			 secret[TABTEXT_SECRET + 1];
	uint8_t			*p, *q;
	size_t			 len, cut, i;
	uint32_t		 n;
	int			 kind, ok;

	ts = load(DOMAINS, ACCOUNTS "carol@example.org:" SCRAM "\n",
	    "staff@example.org: alice@example.org, e@x.y\n", &ok);
	ATF_REQUIRE_EQ(0, ok);
	for (kind = 0; kind < TAB_MAX; kind++) {
		ATF_REQUIRE_EQ(0, tabset_pack(ts, kind, &p, &len));
		for (cut = 1; cut < len; cut++)
			ATF_CHECK_EQ(-1, table_open(&t, kind, p, cut));
		for (i = 0; i < len * 3; i++) {
			ATF_REQUIRE((q = malloc(len)) != NULL);
			memcpy(q, p, len);
			q[i / 3] ^= i % 3 == 0 ? 0xff : i % 3 == 1 ? 1 : 0x80;
			if (table_open(&t, kind, q, len) == 0) {
				table_find(&t, "alice@example.org", 17);
				for (n = 0; n < t.count && n < 9; n++) {
					table_domain_get(&t, n, &d);
					table_account_get(&t, n, &a);
					table_secret_get(&t, n, secret);
					table_alias_get(&t, n, &al);
					while (table_member(&al, &m) == 1)
						;
				}
			}
			free(q);
		}
		free(p);
	}
	tabset_free(ts);
}

/* The next display of the page, without the macros' escapes. */
static void
display(FILE *f, char *dst, size_t size)
{
	char	 line[256];

	*dst = '\0';
	while (fgets(line, sizeof(line), f) != NULL &&
	    strncmp(line, ".Bd -literal", 12) != 0)
		;
	while (fgets(line, sizeof(line), f) != NULL &&
	    strncmp(line, ".Ed", 3) != 0)
		strlcat(dst, line, size);
}

/* The EXAMPLES of tables(5). */
ATF_TC_WITHOUT_HEAD(manual);
ATF_TC_BODY(manual, tc)
{
	char	 path[1024], d[2048], a[2048], l[2048];
	FILE	*f;

	snprintf(path, sizeof(path), "%s/../../share/man/man5/tables.5",
	    atf_tc_get_config_var_wd(tc, "srcdir", "."));
	ATF_REQUIRE((f = fopen(path, "r")) != NULL);
	display(f, d, sizeof(d));
	display(f, a, sizeof(a));
	display(f, l, sizeof(l));
	fclose(f);
	ATF_CHECK(strlen(d) > 20 && strlen(a) > 20 && strlen(l) > 20);
	expect(d, a, l, "");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, bad_lines);
	ATF_TP_ADD_TC(tp, bad_tables);
	ATF_TP_ADD_TC(tp, loops);
	ATF_TP_ADD_TC(tp, size);
	ATF_TP_ADD_TC(tp, damage);
	ATF_TP_ADD_TC(tp, manual);
	return atf_no_error();
}
