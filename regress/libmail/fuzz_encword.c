/* Encoded words, parameters, subjects, message ids and html. */
#include <stdlib.h>

#include "libmail/casemap.h"
#include "libmail/encword.h"
#include "libmail/html.h"
#include "libmail/rfc2231.h"
#include "libmail/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct charset_ctx *cs;

static void
subjects(struct span s)
{
	struct buf out, folded;
	struct span in = s;
	int reply;

	buf_init(&out, 1 << 24);
	buf_init(&folded, 1 << 26);
	if (encword_decode(cs, s, &out) == -1)
		abort();
	if (out.len > 0) {
		if (!utf8_valid(buf_ptr(&out), out.len))
			abort();
		buf_truncate(&out, subject_squeeze((char *)buf_ptr(&out),
		    out.len));
		in = subject_base((struct span){ (char *)buf_ptr(&out),
		    out.len }, &reply);
		if (casemap_add(in, &folded) == -1)
			abort();
	}
	buf_truncate(&out, 0);
	if (encword_encode(s, 9, &out) == -1)
		abort();
	in = s;
	while (msgid_next(&in, &folded) == 1)
		;
	buf_free(&out);
	buf_free(&folded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span s = { (const char *)data, len };
	struct params ps = { NULL, 0, 0 };
	struct html_dec h;
	struct arena a;
	struct buf out;

	if (cs == NULL && ((cs = charset_ctx_new()) == NULL ||
	    charset_preload(cs) == -1))
		abort();
	subjects(s);
	arena_init(&a, 1 << 28);
	buf_init(&out, 1 << 24);
	if (rfc2231_parse(&a, s, &ps) == -1 ||
	    rfc2231_decode(cs, &ps, "name", &out) == -1 ||
	    rfc2231_decode(cs, &ps, "filename", &out) == -1)
		abort();
	html_dec_init(&h);
	if (html_dec_add(&h, data, len, &out) == -1 ||
	    html_dec_end(&h, &out) == -1)
		abort();
	buf_free(&out);
	arena_free(&a);
	return 0;
}
