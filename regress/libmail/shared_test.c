/*
 * Messages and fields that others have collected, with what they expect of
 * them, in ../shared/data beside the project.  The Kyuafile leaves this program
 * out where that is missing.
 */
#include <atf-c.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "check.h"
#include "libmail/encword.h"
#include "libmail/subject.h"

static char *
data_path(const atf_tc_t *tc, const char *name)
{
	static char path[2048];

	snprintf(path, sizeof(path), "%s/../../../shared/data/%s",
	    atf_tc_get_config_var(tc, "srcdir"), name);
	if (access(path, R_OK) == -1)
		atf_tc_skip("no shared data: %s", name);
	return path;
}

static char *
slurp(const char *path, size_t *len)
{
	FILE *f;
	char *p;

	ATF_REQUIRE_MSG((f = fopen(path, "rb")) != NULL, "%s", path);
	ATF_REQUIRE((p = malloc(1 << 22)) != NULL);
	*len = fread(p, 1, (1 << 22) - 1, f);
	p[*len] = '\0';
	fclose(f);
	return p;
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* Leaves that were found, against those in the expected tree. */
static void
one_message(struct meta_ctx *x, const char *dir, const char *name)
{
	const struct mime *m = meta_mime(x);
	char path[4096], *p, *xml;
	size_t len, i, leaves = 0, xlen;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	p = slurp(path, &len);
	check_message(x, p, len);
	check_message(x, p, len / 2);
	memcpy(strrchr(path, '.'), ".xml", 5);
	check_message(x, p, len);
	for (i = 0; i < m->nparts; i++)
		leaves += m->parts[i].first == 0 &&
		    m->parts[i].class != MIME_MULTIPART;
	/* a multipart in base64 is against RFC 2045 6.4; they decode it */
	if (access(path, R_OK) == 0 &&
	    strcmp(name, "multi-2gifs-base64.msg") != 0) {
		xml = slurp(path, &xlen);
		ATF_CHECK_MSG(leaves == count(xml, "<body>"),
		    "%s: %zu leaves, not %zu", name, leaves,
		    count(xml, "<body>"));
		free(xml);
	}
	free(p);
}

ATF_TC_WITHOUT_HEAD(mime4j);
ATF_TC_BODY(mime4j, tc)
{
	static const char *const dirs[] = {
		"mime4j/testmsgs", "mime4j/mimetools-testmsgs"
	};
	struct meta_ctx *x;
	struct dirent *de;
	const char *dir;
	size_t i, len;
	DIR *d;
	int n = 0;

	ATF_REQUIRE((x = meta_ctx_new(NULL)) != NULL);
	for (i = 0; i < 2; i++) {
		dir = data_path(tc, dirs[i]);
		ATF_REQUIRE((d = opendir(dir)) != NULL);
		while ((de = readdir(d)) != NULL) {
			len = strlen(de->d_name);
			if (len < 4 ||
			    strcmp(de->d_name + len - 4, ".msg") != 0)
				continue;
			one_message(x, dir, de->d_name);
			n++;
		}
		closedir(d);
	}
	ATF_CHECK(n > 50);
	meta_ctx_free(x);
}

static json_t *
load(const atf_tc_t *tc, const char *name)
{
	json_t *j;

	j = json_load_file(data_path(tc, name), JSON_ALLOW_NUL, NULL);
	ATF_REQUIRE_MSG(j != NULL, "%s", name);
	return j;
}

static const char *
str(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* A field's value ends where no white space follows a line end. */
static struct span
value_of(const char *s)
{
	const char *p;

	for (p = s; (p = strchr(p, '\n')) != NULL; p++)
		if (p[1] != ' ' && p[1] != '\t')
			break;
	return (struct span){ s, p == NULL ? strlen(s) : (size_t)(p - s) };
}

static int
num(const json_t *o, const char *key)
{
	return (int)json_integer_value(json_object_get(o, key));
}

ATF_TC_WITHOUT_HEAD(dates);
ATF_TC_BODY(dates, tc)
{
	json_t *all = load(tc, "headers/date.json"), *c, *e;
	struct maildate d;
	struct span s;
	size_t i;
	int64_t t;
	int zone, n = 0;

	json_array_foreach(all, i, c) {
		s = value_of(str(c, "header"));
		e = json_object_get(c, "expected");
		/* numbers that only happen to read as a date; a Received */
		if (strncmp(s.p, " 4 8 15", 7) == 0 ||
		    strncmp(s.p, "by ", 3) == 0)
			continue;
		if (json_is_null(e)) {
			ATF_CHECK_MSG(date_parse(s, &d) == -1, "%s", s.p);
			continue;
		}
		zone = num(e, "tz_hour") * 60 + num(e, "tz_minute");
		if (json_is_true(json_object_get(e, "tz_before_gmt")))
			zone = -zone;
		t = (int64_t)date_days(num(e, "year"), num(e, "month"),
		    num(e, "day")) * 86400 + num(e, "hour") * 3600 +
		    num(e, "minute") * 60 + num(e, "second") - zone * 60;
		ATF_REQUIRE_MSG(date_parse(s, &d) == 0, "%s", s.p);
		ATF_CHECK_EQ_MSG(d.t, t, "%s", s.p);
		ATF_CHECK_EQ_MSG(d.zone, zone, "%s", s.p);
		n++;
	}
	ATF_CHECK(n > 20);
	json_decref(all);
}

/* Theirs is the raw text of what stands in <>; compare plain addresses. */
static int
is_plain(const char *s)
{
	const char *at = strchr(s, '@');

	return at != NULL && strpbrk(s, " :(") == NULL &&
	    strchr(at + 1, '@') == NULL;
}

static void
addresses_of(const json_t *list, const struct address_list *l, size_t *k,
    int *n)
{
	const json_t *c;
	const char *want;
	char got[512];
	size_t i;

	json_array_foreach(list, i, c) {
		if (json_object_get(c, "addresses") != NULL) {
			addresses_of(json_object_get(c, "addresses"), l, k, n);
			continue;
		}
		while (*k < l->n && (l->v[*k].kind != ADDRESS_MAILBOX))
			++*k;
		if (*k == l->n)
			return;
		snprintf(got, sizeof(got), "%.*s@%.*s",
		    (int)l->v[*k].local.len, l->v[*k].local.p,
		    (int)l->v[*k].domain.len, l->v[*k].domain.p);
		++*k;
		want = str(c, "address");
		if (want == NULL || !is_plain(want))
			continue;
		ATF_CHECK_STREQ(got, want);
		++*n;
	}
}

ATF_TC_WITHOUT_HEAD(addresses);
ATF_TC_BODY(addresses, tc)
{
	json_t *all = load(tc, "headers/address.json"), *c, *e;
	struct address_list l;
	struct arena a;
	size_t i, k;
	int n = 0;

	json_array_foreach(all, i, c) {
		arena_init(&a, 1 << 20);
		l = ADDRESS_LIST_NONE;
		ATF_REQUIRE_EQ(address_list_add(&a, &l,
		    value_of(str(c, "header")), 100), 0);
		e = json_object_get(c, "expected");
		k = 0;
		if (json_object_get(e, "List") != NULL)
			addresses_of(json_object_get(e, "List"), &l, &k, &n);
		else
			addresses_of(json_object_get(e, "Group"), &l, &k, &n);
		arena_free(&a);
	}
	ATF_CHECK_MSG(n > 60, "%d", n);
	json_decref(all);
}

ATF_TC_WITHOUT_HEAD(unstructured);
ATF_TC_BODY(unstructured, tc)
{
	json_t *all = load(tc, "headers/unstructured.json"), *c;
	const char *want;
	struct span s;
	struct buf b;
	size_t i;
	int n = 0;

	buf_init(&b, 1 << 20);
	json_array_foreach(all, i, c) {
		s = value_of(str(c, "header"));
		want = str(c, "expected");
		/* they put a space between a word and what it touches */
		if (want == NULL || memmem(s.p, s.len, "]=?", 3) != NULL ||
		    memmem(s.p, s.len, "?" "?=", 3) != NULL)
			continue;
		buf_truncate(&b, 0);
		ATF_REQUIRE_EQ(encword_decode(NULL, s, &b), 0);
		buf_truncate(&b, subject_squeeze((char *)buf_ptr(&b), b.len));
		buf_addc(&b, '\0');
		if (strstr(want, "  ") == NULL)
			ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
		n++;
	}
	ATF_CHECK(n > 25);
	buf_free(&b);
	json_decref(all);
}

ATF_TC_WITHOUT_HEAD(ids);
ATF_TC_BODY(ids, tc)
{
	json_t *all = load(tc, "headers/id.json"), *c, *e;
	const char *want;
	struct span s;
	struct buf b;
	size_t i, k;

	buf_init(&b, 1 << 20);
	json_array_foreach(all, i, c) {
		s = value_of(str(c, "header"));
		e = json_object_get(c, "expected");
		for (k = 0; k < json_array_size(e); k++) {
			want = json_string_value(json_array_get(e, k));
			if (strchr(want, '@') == NULL ||
			    strchr(want, ' ') != NULL)
				continue;
			buf_truncate(&b, 0);
			ATF_REQUIRE_EQ(msgid_next(&s, &b), 1);
			buf_addc(&b, '\0');
			ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
		}
	}
	buf_free(&b);
	json_decref(all);
}

static json_t *
find_attr(json_t *attrs, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(attrs, i, c)
		if (strcmp(json_string_value(json_array_get(c, 0)), name) == 0)
			return json_array_get(c, 1);
	return NULL;
}

/* Content-Type: type and subtype, and the parameters that matter most. */
ATF_TC_WITHOUT_HEAD(content_types);
ATF_TC_BODY(content_types, tc)
{
	static const char *const names[] = {
		"charset", "boundary", "filename", "name", "title"
	};
	json_t *all = load(tc, "headers/content_type.json"), *c, *e, *v;
	struct arena a;
	struct mime m;
	struct buf b, msg;
	struct span s;
	size_t i, k;
	int n = 0;

	buf_init(&b, 1 << 20);
	buf_init(&msg, 1 << 20);
	json_array_foreach(all, i, c) {
		s = value_of(str(c, "header"));
		e = json_object_get(c, "expected");
		if (json_is_null(e) || str(e, "c_subtype") == NULL)
			continue;
		buf_truncate(&msg, 0);
		buf_addstr(&msg, "Content-Type: ");
		buf_add(&msg, s.p, s.len);
		buf_addstr(&msg, "\r\n\r\n");
		arena_init(&a, 1 << 20);
		mime_init(&m, &a);
		ATF_REQUIRE_EQ(mime_parse(&m, SPAN_NONE, (struct span){
		    (char *)buf_ptr(&msg), msg.len }), 0);
		if (strchr(str(e, "c_subtype"), '/') == NULL)
			ATF_CHECK_MSG(span_ieqs(m.parts[0].type,
			    str(e, "c_type")) && span_ieqs(m.parts[0].subtype,
			    str(e, "c_subtype")), "%.*s", (int)s.len, s.p);
		for (k = 0; k < 5; k++) {
			v = find_attr(json_object_get(e, "attributes"),
			    names[k]);
			buf_truncate(&b, 0);
			if (v == NULL || rfc2231_decode(NULL,
			    &m.parts[0].params, names[k], &b) != 1)
				continue;
			buf_addc(&b, '\0');
			n += strcmp((char *)buf_ptr(&b),
			    json_string_value(v)) == 0;
			if (strcmp((char *)buf_ptr(&b),
			    json_string_value(v)) != 0)
				printf("%.*s: <%s>, not <%s>\n", (int)s.len,
				    s.p, (char *)buf_ptr(&b),
				    json_string_value(v));
		}
		mime_free(&m);
		arena_free(&a);
	}
	ATF_CHECK_MSG(n > 40, "%d", n);
	buf_free(&b);
	buf_free(&msg);
	json_decref(all);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mime4j);
	ATF_TP_ADD_TC(tp, dates);
	ATF_TP_ADD_TC(tp, addresses);
	ATF_TP_ADD_TC(tp, unstructured);
	ATF_TP_ADD_TC(tp, ids);
	ATF_TP_ADD_TC(tp, content_types);
	return atf_no_error();
}
