/* What holds for every message. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "libmail/imapstruct.h"

#define CHECK(x)							\
	do {								\
		if (!(x)) {						\
			fprintf(stderr, "%s:%d: %s\n", __FILE__,	\
			    __LINE__, #x);				\
			abort();					\
		}							\
	} while (0)

static void
check_struct(const struct mime *m)
{
	struct buf body, ext, again;

	buf_init(&body, 1 << 26);
	buf_init(&ext, 1 << 26);
	buf_init(&again, 1 << 26);
	CHECK(imapstruct_body(m, 0, &body) == 0);
	CHECK(imapstruct_body(m, 1, &ext) == 0);
	CHECK(imapstruct_body_from_ext((struct span){
	    (const char *)buf_ptr(&ext), ext.len }, &again) == 0);
	CHECK(body.len == again.len);
	CHECK(memcmp(buf_ptr(&body), buf_ptr(&again), body.len) == 0);
	CHECK(memchr(buf_ptr(&ext), '\0', ext.len) == NULL);
	buf_free(&body);
	buf_free(&ext);
	buf_free(&again);
}

void
check_mime(const struct mime *m, size_t size, const char *msg,
    size_t prefixlen)
{
	const struct mime_part *p, *q;
	size_t i, end;

	CHECK(m->nparts >= 1 && m->nparts <= MIME_MAXPARTS);
	CHECK(m->parts[0].parent == MIME_NOPARENT);
	CHECK(m->parts[0].hdr_off == 0);
	CHECK(m->parts[0].body_off + m->parts[0].body_len == size);
	for (i = 0; i < m->nparts; i++) {
		p = &m->parts[i];
		end = p->body_off + p->body_len;
		CHECK(p->body_off == p->hdr_off + p->hdr_len);
		CHECK(end <= size);
		CHECK(p->type.p != NULL && p->subtype.p != NULL);
		CHECK(p->body_lines == mime_count_lines(msg + p->body_off -
		    prefixlen, p->body_len));
		if (i == 0)
			continue;
		CHECK(p->parent < i);
		q = &m->parts[p->parent];
		CHECK(q->class == MIME_MULTIPART || q->class == MIME_MESSAGE);
		CHECK(p->hdr_off >= q->body_off);
		CHECK(end <= q->body_off + q->body_len);
		CHECK(p->number <= q->nchildren);
		CHECK(p->depth == q->depth + 1 && p->depth < MIME_MAXDEPTH);
		if (p->next != 0) {
			CHECK(p->next > i);
			CHECK(m->parts[p->next].hdr_off >= end);
			CHECK(m->parts[p->next].parent == p->parent);
		}
	}
	check_struct(m);
}

void
check_meta(const void *blob, size_t len)
{
	static struct meta_part parts[MIME_MAXPARTS];
	struct meta m;
	struct meta_iter it;
	struct meta_field f;
	struct meta_part part;
	struct buf out;
	uint32_t path[3] = { 1, 2, 1 }, i, n, sum = 0;
	volatile unsigned int x = 0;
	size_t j;

	if (meta_open(&m, blob, len) == -1)
		return;
	buf_init(&out, 1 << 22);
	(void)meta_body(&m, &out);
	buf_free(&out);
	meta_field_first(&m, &it);
	for (n = 0; meta_field_next(&it, &f); n++) {
		CHECK(f.off == sum && f.len <= m.hdr_len - sum);
		sum += f.len;
	}
	CHECK(n <= m.nfields);
	n = meta_parts(&m, parts, m.nparts);
	for (i = 0; i < n; i++) {
		CHECK(parts[i].hdr_off <= m.size);
		CHECK(parts[i].hdr_len <= m.size - parts[i].hdr_off);
		CHECK(parts[i].body_len <= m.size - parts[i].body_off);
	}
	for (i = 0; i <= 3; i++) {
		(void)meta_part_find(&m, path, i, &part);
		(void)meta_part_message(&m, path, i, &part);
	}
	for (i = 0; i < m.nrefs; i++)
		x += (unsigned int)meta_ref(&m, i);
	for (i = 0; i < META_NTEXTS; i++)
		for (j = 0; m.text[i].p != NULL && j < m.text[i].len; j++)
			x += (unsigned char)m.text[i].p[j];
}

static void
check_same(const struct mime *m, const struct meta *t)
{
	static struct meta_part parts[MIME_MAXPARTS];
	const struct mime_part *p;
	uint32_t i;

	CHECK(t->nparts == m->nparts);
	CHECK(meta_parts(t, parts, t->nparts) == t->nparts);
	for (i = 0; i < t->nparts; i++) {
		p = &m->parts[i];
		CHECK(parts[i].parent == p->parent);
		CHECK(parts[i].number == p->number);
		CHECK(parts[i].class == p->class);
		CHECK(parts[i].encoding == p->encoding);
		CHECK(parts[i].charset == p->charset);
		CHECK(parts[i].hdr_off == p->hdr_off);
		CHECK(parts[i].hdr_len == p->hdr_len);
		CHECK(parts[i].body_off == p->body_off);
		CHECK(parts[i].body_len == p->body_len);
		CHECK(parts[i].lines == p->body_lines);
	}
}

static void
check_fields(const struct meta *t, struct span prefix, const char *msg)
{
	struct meta_iter it;
	struct meta_field f;
	struct header_iter hi;
	struct header h;
	struct span area = prefix;
	uint32_t off = 0;

	meta_field_first(t, &it);
	header_iter_init(&hi, area.p, area.len);
	for (;;) {
		if (!header_next(&hi, &h)) {
			if (off > prefix.len || area.p != prefix.p)
				break;
			area = (struct span){ msg, t->size - prefix.len };
			header_iter_init(&hi, area.p, area.len);
			if (!header_next(&hi, &h))
				break;
		}
		if (!meta_field_next(&it, &f)) {
			CHECK(t->flags & META_F_FIELDS_CUT);
			return;
		}
		CHECK(f.off == off && f.len == h.raw.len && f.id == h.id);
		CHECK(meta_field_is(&f, h.id, header_name_hash(h.name)) != 0);
		off += f.len;
	}
	CHECK(!meta_field_next(&it, &f));
}

void
check_message(struct meta_ctx *x, const void *msg, size_t len)
{
	static const struct span prefixes[2] = {
		{ "", 0 },
		{ "Return-Path: <a@example.com>\r\nDate: Tue, 1 Jul 2003 "
		    "10:52:37 +0200\r\n", 68 }
	};
	struct buf out;
	struct meta t;
	struct span prefix;
	int i;

	for (i = 0; i < 2; i++) {
		prefix = prefixes[i];
		buf_init(&out, META_MAX);
		CHECK(meta_build(x, prefix, (struct span){ msg, len },
		    &out) == 0);
		CHECK(meta_open(&t, buf_ptr(&out), out.len) == 0);
		CHECK(t.size == prefix.len + len);
		check_mime(meta_mime(x), t.size, msg, prefix.len);
		check_same(meta_mime(x), &t);
		check_fields(&t, prefix, msg);
		check_meta(buf_ptr(&out), out.len);
		buf_free(&out);
	}
}
