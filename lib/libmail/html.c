/* HTML to text. */
#include <string.h>

#include "libmail/charset_int.h"
#include "libmail/html.h"

enum state {
	TEXT, TAG, TAG_REST, BANG, COMMENT, ENTITY
};

/* Elements whose content is nothing to read. */
static const char *const skipped[] = { "head", "style", "script", "title" };

/* Elements that stand in a line; every other one breaks it. */
static const char *const inlines[] = {
	"a", "abbr", "b", "big", "code", "em", "font", "i", "img", "ins",
	"del", "label", "o:p", "s", "small", "span", "strike", "strong",
	"sub", "sup", "tt", "u", "wbr", "html", "!"
};

/* Of the code points from 160 on. */
static const char latin1[] =
    "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not "
    "shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 "
    "ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml "
    "Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml "
    "ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute "
    "Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring "
    "aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth "
    "ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute "
    "ucirc uuml yacute thorn yuml ";

static const struct {
	char		name[8];
	uint16_t	cp;
} entities[] = {
	{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
	{ "apos", '\'' }, { "ndash", 0x2013 }, { "mdash", 0x2014 },
	{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "sbquo", 0x201a },
	{ "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bdquo", 0x201e },
	{ "bull", 0x2022 }, { "hellip", 0x2026 }, { "lsaquo", 0x2039 },
	{ "rsaquo", 0x203a }, { "euro", 0x20ac }, { "trade", 0x2122 },
	{ "larr", 0x2190 }, { "rarr", 0x2192 }, { "zwnj", 0x200c },
	{ "zwj", 0x200d }, { "ensp", ' ' }, { "emsp", ' ' },
	{ "thinsp", ' ' }, { "OElig", 0x152 }, { "oelig", 0x153 },
	{ "Scaron", 0x160 }, { "scaron", 0x161 }, { "dagger", 0x2020 }
};

#define N(a)	(sizeof(a) / sizeof((a)[0]))

void
html_dec_init(struct html_dec *d)
{
	memset(d, 0, sizeof(*d));
}

/* Value of the entity in hold, 0 if it is none. */
static uint32_t
entity_value(const struct html_dec *d)
{
	uint32_t v = 0;
	size_t i, n = d->n;
	const char *p;

	if (n > 1 && d->hold[0] == '#') {
		int hex = (d->hold[1] | 32) == 'x';

		for (i = hex ? 2 : 1; i < n; i++) {
			char c = d->hold[i];

			if (c >= '0' && c <= '9')
				v = v * (hex ? 16 : 10) + (uint32_t)(c - '0');
			else if (hex && (c | 32) >= 'a' && (c | 32) <= 'f')
				v = v * 16 + (uint32_t)((c | 32) - 'a' + 10);
			else
				return 0;
			if (v > 0x10ffff)
				return 0xfffd;
		}
		return v;
	}
	for (i = 0; i < N(entities); i++)
		if (strlen(entities[i].name) == n &&
		    memcmp(entities[i].name, d->hold, n) == 0)
			return entities[i].cp;
	for (p = latin1, i = 160; *p != '\0'; i++, p = strchr(p, ' ') + 1)
		if (n > 0 && strncmp(p, d->hold, n) == 0 && p[n] == ' ')
			return (uint32_t)i;
	return 0;
}

/* The entity is over; a `;' that ends it belongs to it. */
static void
entity_done(struct html_dec *d, struct sink *k)
{
	uint32_t cp = entity_value(d);

	d->state = TEXT;
	if (cp != 0)
		sink_cp(k, cp);
	else {
		sink_add(k, "&", 1);
		sink_add(k, d->hold, d->n);
	}
}

static void
tag_done(struct html_dec *d, struct sink *k)
{
	size_t i;
	int close = d->n > 0 && d->hold[0] == '/';
	const char *name = d->hold + close;
	size_t n = d->n - (size_t)close;

	d->state = TEXT;
	for (i = 0; i < N(skipped); i++) {
		if (strlen(skipped[i]) != n ||
		    strncasecmp(name, skipped[i], n) != 0)
			continue;
		if (!close && d->skip == 0)
			d->skip = (uint8_t)(i + 1);
		else if (close && d->skip == i + 1)
			d->skip = 0;
		return;
	}
	/* a head that nobody closed must not swallow the letter */
	if (d->skip == 1 && n == 4 && strncasecmp(name, "body", 4) == 0)
		d->skip = 0;
	if (d->skip != 0)
		return;
	for (i = 0; i < N(inlines); i++)
		if (strlen(inlines[i]) == n &&
		    strncasecmp(name, inlines[i], n) == 0)
			return;
	sink_add(k, "\n", 1);
}

static int
is_name(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static void
in_tag(struct html_dec *d, char c, struct sink *k)
{
	if (d->n == 0 && d->skip > 1 && c != '/') {
		/* what stands in a script is no tag */
		if (c != '<')
			d->state = TEXT;
		return;
	}
	if (d->n == 0 && c == '!') {
		d->state = BANG;
		return;
	}
	if (d->n == 0 && c != '/' && c != '?' && !is_name(c)) {
		/* "a < b" */
		d->state = TEXT;
		if (d->skip == 0) {
			sink_add(k, "<", 1);
			sink_add(k, &c, 1);
		}
		return;
	}
	if (c == '>')
		tag_done(d, k);
	else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' ||
	    (c == '/' && d->n > 0)) {
		d->state = TAG_REST;
		d->quote = 0;
	} else if (d->n < sizeof(d->hold))
		d->hold[d->n++] = c;
}

/* <!-- ... --> and <!DOCTYPE ...> */
static void
in_bang(struct html_dec *d, char c)
{
	if (d->state == BANG) {
		if (c == '-' && d->n < 2) {
			if (++d->n == 2) {
				d->state = COMMENT;
				d->n = 0;
			}
		} else {
			d->n = 2;
			if (c == '>')
				d->state = TEXT;
		}
		return;
	}
	if (c == '-')
		d->n = d->n < 2 ? d->n + 1 : 2;
	else if (c == '>' && d->n == 2)
		d->state = TEXT;
	else
		d->n = 0;
}

static void
in_rest(struct html_dec *d, char c, struct sink *k)
{
	if (d->quote != 0) {
		if (c == (char)d->quote)
			d->quote = 0;
	} else if (c == '"' || c == '\'')
		d->quote = (uint8_t)c;
	else if (c == '>')
		tag_done(d, k);
}

int
html_dec_add(struct html_dec *d, const void *p, size_t len, struct buf *out)
{
	const char *s = p, *end;
	struct sink k;

	if (len == 0)
		return 0;
	end = s + len;
	sink_init(&k, out);
	for (; s < end && !k.full; s++) {
		if (d->state == ENTITY) {
			if (is_name(*s) || (d->n == 0 && *s == '#')) {
				if (d->n < sizeof(d->hold)) {
					d->hold[d->n++] = *s;
					continue;
				}
			}
			entity_done(d, &k);
			if (*s == ';')
				continue;
		}
		switch (d->state) {
		case TEXT:
			if (*s == '<') {
				d->state = TAG;
				d->n = 0;
			} else if (d->skip != 0)
				;
			else if (*s == '&') {
				d->state = ENTITY;
				d->n = 0;
			} else
				sink_add(&k, *s == '\n' ? " " : s, 1);
			break;
		case TAG:
			in_tag(d, *s, &k);
			break;
		case TAG_REST:
			in_rest(d, *s, &k);
			break;
		default:
			in_bang(d, *s);
			break;
		}
	}
	return sink_end(&k);
}

int
html_dec_end(struct html_dec *d, struct buf *out)
{
	struct sink k;

	sink_init(&k, out);
	if (d->state == ENTITY)
		entity_done(d, &k);
	return sink_end(&k);
}
