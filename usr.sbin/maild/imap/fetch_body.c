/* BODY[...] and RFC822...: stretches of the message, by the meta's index. */
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "libmail/header.h"
#include "libutil/log.h"

/* A stretch of the message. */
struct range {
	uint32_t	 lo, hi;
};

static uint32_t
whole(const struct fetch *j)
{
	return j->row.cols & MSTORE_COL_BODY ? j->row.whole : j->meta.size;
}

/* The header block or body that a section is of.  -1: no such part. */
static int
range_of(const struct meta *meta, uint32_t size, const struct imap_section *s,
    struct range *r)
{
	struct meta_part	 p;
	uint64_t		 lo, len;
	int			 rc;

	if (s->npath == 0 && s->text == IMAP_SECTION_ALL) {
		*r = (struct range){ 0, size };
		return 0;
	}
	if (s->text == IMAP_SECTION_ALL || s->text == IMAP_SECTION_MIME)
		rc = meta_part_find(meta, s->path, s->npath, &p);
	else
		rc = meta_part_message(meta, s->path, s->npath, &p);
	if (rc == -1) {
		/* HEADER or TEXT of a part that is no message: nothing, but
		 * of a part that is there (as Dovecot has it). */
		*r = (struct range){ 0, 0 };
		return meta_part_find(meta, s->path, s->npath, &p);
	}
	if (s->text == IMAP_SECTION_ALL || s->text == IMAP_SECTION_TEXT) {
		lo = p.body_off;
		len = p.body_len;
	} else {
		lo = p.hdr_off;
		len = p.hdr_len;
	}
	/* The meta and the message are of one delivery; trust is another. */
	if (lo > size)
		lo = size;
	if (len > size - lo)
		len = size - lo;
	*r = (struct range){ lo, lo + len };
	return 0;
}

static int
section_range(const struct fetch *j, const struct imap_section *s,
    struct range *r)
{
	return range_of(&j->meta, whole(j), s, r);
}

int
fetch_range(const struct meta *meta, uint32_t size,
    const struct imap_section *s, uint32_t *lo, uint32_t *hi)
{
	struct range	 r;

	if (s->text == IMAP_SECTION_FIELDS_OF ||
	    s->text == IMAP_SECTION_FIELDS_NOT ||
	    range_of(meta, size, s, &r) == -1)
		return -1;
	*lo = r.lo;
	*hi = r.hi;
	return 0;
}

/* What "<first.count>" leaves of it. */
static void
cut(const struct imap_fetch_item *it, struct range *r)
{
	if (!it->partial)
		return;
	if (it->first >= r->hi - r->lo)
		r->lo = r->hi;
	else
		r->lo += it->first;
	if (it->count < r->hi - r->lo)
		r->hi = r->lo + it->count;
}

/* Bytes that we hold: who was told of so many gets them, whatever waits. */
static void
put_held(struct fetch *j, const char *p, size_t n)
{
	struct conn	*c = j->s->c.conn;
	size_t		 need = conn_pending(c) + n + 1024 * 1024;

	if (n < 16384) {
		imap_out_raw(&j->o, p, n);
		return;
	}
	if (need > conn_out(c)->max)
		conn_outmax(c, need);
	if (conn_write(c, p, n) == -1)
		j->o.fail = 1;
}

static enum fetch_step
put_range(struct fetch *j, const struct imap_fetch_item *it, struct range r)
{
	const struct mstore_msg	*m = &j->row;
	const char		*p;
	int			 here;

	here = m->cols & MSTORE_COL_BODY && r.lo >= m->off &&
	    r.hi - m->off <= m->body.len;
	if (!here && r.hi - r.lo > FETCH_WHOLE) {
		imap_out_fetch_section(&j->o, it, r.hi - r.lo, 0);
		fetch_bytes_stream(j, r.lo, r.hi);
		return fetch_bytes_more(j);
	}
	switch (fetch_bytes_get(j, r.lo, r.hi, &p)) {
	case FETCH_WAIT:
		return FETCH_WAIT;
	case FETCH_DEAD:
		/* RFC 2180 4.1.2 */
		imap_out_fetch_section(&j->o, it, UINT64_MAX, 0);
		return FETCH_DONE;
	default:
		break;
	}
	imap_out_fetch_section(&j->o, it, r.hi - r.lo, 0);
	put_held(j, p, r.hi - r.lo);
	return FETCH_DONE;
}

/* ---- HEADER.FIELDS ----------------------------------------------------- */

static int
is_named(const struct imap_section *s, struct span name)
{
	uint16_t	 i;

	for (i = 0; i < s->nfields; i++) {
		if (span_ieq(s->fields[i], name))
			return 1;
	}
	return 0;
}

static int
add_field(struct fetch *j, struct span raw)
{
	if (buf_add(&j->fields, raw.p, raw.len) == -1)
		return -1;
	if (raw.len > 0 && raw.p[raw.len - 1] != '\n')
		return buf_add(&j->fields, "\r\n", 2);
	return 0;
}

/* Those of a header that are named, or (.NOT) those that are not. */
static int
gather(struct fetch *j, const struct imap_section *s, const char *p,
    size_t len)
{
	struct header_iter	 it;
	struct header		 h;
	int			 not = s->text == IMAP_SECTION_FIELDS_NOT;

	buf_truncate(&j->fields, 0);
	j->fields.max = FETCH_HEADER + 4;
	header_iter_init(&it, p, len);
	while (header_next(&it, &h)) {
		if (is_named(s, h.name) != not &&
		    add_field(j, h.raw) == -1)
			return -1;
	}
	return buf_add(&j->fields, "\r\n", 2);
}

/*
 * The same of the message's own header: its index says where each field is
 * and most often, by its number, whether it is wanted.
 */
static int
gather_indexed(struct fetch *j, const struct imap_section *s, const char *p,
    size_t len)
{
	struct meta_iter	 it;
	struct meta_field	 f;
	enum header_id		 ids[IMAP_SECTION_FIELDS];
	uint16_t		 i;
	struct header_iter	 hit;
	struct header		 h;
	int			 is, not = s->text == IMAP_SECTION_FIELDS_NOT;

	for (i = 0; i < s->nfields; i++)
		ids[i] = header_id(s->fields[i]);
	buf_truncate(&j->fields, 0);
	j->fields.max = FETCH_HEADER + 4;
	meta_field_first(&j->meta, &it);
	while (meta_field_next(&it, &f) && f.off + f.len <= len) {
		if (f.id == HEADER_OTHER) {
			header_iter_init(&hit, p + f.off, f.len);
			is = header_next(&hit, &h) && is_named(s, h.name);
		} else {
			for (i = 0; i < s->nfields && ids[i] != f.id; i++)
				;
			is = i < s->nfields;
		}
		if (is != not && add_field(j,
		    (struct span){ p + f.off, f.len }) == -1)
			return -1;
	}
	return buf_add(&j->fields, "\r\n", 2);
}

/* The fields are gathered: write them. */
static enum fetch_step
put_gathered(struct fetch *j, const struct imap_fetch_item *it)
{
	struct range	 out = { 0, j->fields.len };

	cut(it, &out);
	imap_out_fetch_section(&j->o, it, out.hi - out.lo, 0);
	imap_out_raw(&j->o, buf_ptr(&j->fields) + out.lo, out.hi - out.lo);
	buf_truncate(&j->fields, 0);
	return FETCH_DONE;
}

/* Of those that the brief has; 0: it lacks one that may be wanted. */
static int
gather_brief(struct fetch *j, const struct imap_section *s)
{
	const struct span	*have = &j->row.brief[BRIEF_FIELDS];
	struct brief_fields	 b;
	enum header_id		 ids[IMAP_SECTION_FIELDS], id;
	struct header_iter	 it;
	struct header		 h;
	struct span		 raw;
	uint16_t		 i;
	int			 is;

	if (have->p == NULL ||
	    brief_fields_open(&b, have->p, have->len) == -1)
		return 0;
	for (i = 0; i < s->nfields; i++) {
		if (brief_fields_lacks(&b, header_name_hash(s->fields[i])))
			return 0;
		ids[i] = header_id(s->fields[i]);
	}
	buf_truncate(&j->fields, 0);
	j->fields.max = FETCH_HEADER + 4;
	while (brief_fields_next(&b, &id, &raw)) {
		if (id == HEADER_OTHER) {
			header_iter_init(&it, raw.p, raw.len);
			is = header_next(&it, &h) && is_named(s, h.name);
		} else {
			for (i = 0; i < s->nfields && ids[i] != id; i++)
				;
			is = i < s->nfields;
		}
		if (is && add_field(j, raw) == -1)
			fatal("fetch");
	}
	if (buf_add(&j->fields, "\r\n", 2) == -1)
		fatal("fetch");
	return 1;
}

/*
 * Without meta nobody says where the header ends: most often it does in its
 * first bytes.
 */
static enum fetch_step
put_fields_raw(struct fetch *j, const struct imap_fetch_item *it)
{
	static const uint32_t	 lens[] = { 65536, FETCH_HEADER };
	uint32_t		 hi;
	size_t			 i;
	const char		*p;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		hi = j->row.size < lens[i] ? j->row.size : lens[i];
		switch (fetch_bytes_get(j, 0, hi, &p)) {
		case FETCH_WAIT:
			return FETCH_WAIT;
		case FETCH_DEAD:
			imap_out_fetch_section(&j->o, it, UINT64_MAX, 0);
			return FETCH_DONE;
		default:
			break;
		}
		if (hi == j->row.size || header_length(p, hi) < hi)
			break;
	}
	if (gather(j, &it->section, p, header_length(p, hi)) == -1)
		fatal("fetch");
	return put_gathered(j, it);
}

static enum fetch_step
put_fields(struct fetch *j, const struct imap_fetch_item *it, struct range r)
{
	const char	*p;
	int		 rc;

	if (r.hi - r.lo > FETCH_HEADER)
		r.hi = r.lo + FETCH_HEADER;
	switch (fetch_bytes_get(j, r.lo, r.hi, &p)) {
	case FETCH_WAIT:
		return FETCH_WAIT;
	case FETCH_DEAD:
		imap_out_fetch_section(&j->o, it, UINT64_MAX, 0);
		return FETCH_DONE;
	default:
		break;
	}
	if (it->section.npath == 0 && !(j->meta.flags & META_F_FIELDS_CUT))
		rc = gather_indexed(j, &it->section, p, r.hi - r.lo);
	else
		rc = gather(j, &it->section, p, r.hi - r.lo);
	if (rc == -1)
		fatal("fetch");
	return put_gathered(j, it);
}

enum fetch_step
fetch_body(struct fetch *j, const struct imap_fetch_item *it)
{
	struct range	 r;

	if (it->section.npath == 0 &&
	    it->section.text == IMAP_SECTION_FIELDS_OF) {
		if (gather_brief(j, &it->section))
			return put_gathered(j, it);
		if (!j->need_meta)
			return put_fields_raw(j, it);
	}
	if (section_range(j, &it->section, &r) == -1) {
		imap_out_fetch_section(&j->o, it, UINT64_MAX, 0);
		return FETCH_DONE;
	}
	if (it->section.text == IMAP_SECTION_FIELDS_OF ||
	    it->section.text == IMAP_SECTION_FIELDS_NOT)
		return put_fields(j, it, r);
	cut(it, &r);
	return put_range(j, it, r);
}

/* ---- BINARY (RFC 3516) ------------------------------------------------- */

/* How the part is encoded; those that hold others are not. */
static enum transfer
encoding(const struct fetch *j, const struct imap_section *s)
{
	struct meta_part	 p;

	if (s->npath == 0 ||
	    meta_part_find(&j->meta, s->path, s->npath, &p) == -1 ||
	    p.class == MIME_MULTIPART || p.class == MIME_MESSAGE)
		return TRANSFER_BINARY;
	return p.encoding;
}

static void
put_decoded(struct fetch *j, const struct imap_fetch_item *it, const char *p,
    size_t len)
{
	struct range	 r = { 0, len };

	if (it->type == IMAP_FETCH_BINARY_SIZE) {
		imap_out_item(&j->o);
		if (imap_fetch_item_print(it, j->o.buf) == -1)
			j->o.fail = 1;
		imap_out_str(&j->o, " ");
		imap_out_num(&j->o, len);
		return;
	}
	cut(it, &r);
	imap_out_fetch_section(&j->o, it, r.hi - r.lo,
	    memchr(p + r.lo, '\0', r.hi - r.lo) != NULL);
	put_held(j, p + r.lo, r.hi - r.lo);
}

/*
 * Of a large part that is not encoded nothing is to be held: its size is known,
 * and its bytes go out as they come.  Whether there are NULs is then not, and a
 * literal8 does for both.
 */
static enum fetch_step
put_plain(struct fetch *j, const struct imap_fetch_item *it, struct range r)
{
	if (it->type == IMAP_FETCH_BINARY_SIZE) {
		imap_out_item(&j->o);
		if (imap_fetch_item_print(it, j->o.buf) == -1)
			j->o.fail = 1;
		imap_out_str(&j->o, " ");
		imap_out_num(&j->o, r.hi - r.lo);
		return FETCH_DONE;
	}
	cut(it, &r);
	imap_out_fetch_section(&j->o, it, r.hi - r.lo, 1);
	fetch_bytes_stream(j, r.lo, r.hi);
	return fetch_bytes_more(j);
}

enum fetch_step
fetch_binary(struct fetch *j, const struct imap_fetch_item *it)
{
	enum transfer	 enc = encoding(j, &it->section);
	enum fetch_step	 step;
	struct range	 r;
	const char	*p;
	struct buf	 text;

	if (section_range(j, &it->section, &r) == -1 ||
	    enc == TRANSFER_UNKNOWN) {
		j->cte |= enc == TRANSFER_UNKNOWN;
		if (it->type == IMAP_FETCH_BINARY)
			imap_out_fetch_section(&j->o, it, UINT64_MAX, 0);
		else
			put_decoded(j, it, "", 0);
		return FETCH_DONE;
	}
	if (enc != TRANSFER_QP && enc != TRANSFER_BASE64 &&
	    r.hi - r.lo > FETCH_WHOLE)
		return put_plain(j, it, r);
	step = fetch_bytes_get(j, r.lo, r.hi, &p);
	if (step == FETCH_WAIT)
		return FETCH_WAIT;
	if (step == FETCH_DEAD) {
		put_decoded(j, it, "", 0);
		return FETCH_DONE;
	}
	if (enc != TRANSFER_QP && enc != TRANSFER_BASE64) {
		put_decoded(j, it, p, r.hi - r.lo);
		return FETCH_DONE;
	}
	buf_init(&text, 2 * (size_t)(r.hi - r.lo) + 16);
	if (transfer_decode(enc, p, r.hi - r.lo, &text) == -1)
		fatal("fetch");
	put_decoded(j, it, text.len == 0 ? "" : (char *)buf_ptr(&text),
	    text.len);
	buf_free(&text);
	return FETCH_DONE;
}
