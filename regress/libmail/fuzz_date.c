/* A date, and what is printed of it, which must be one too. */
#include <stdlib.h>
#include <string.h>

#include "libmail/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span s = { (const char *)data, len };
	struct maildate d, e;
	char text[DATE_STRLEN];
	size_t n;

	(void)date_parse_imap(s, &d);
	if (date_parse(s, &d) == -1)
		return 0;
	n = date_format(text, d.t, d.zone);
	if (n >= sizeof(text) || n != strlen(text) ||
	    date_parse((struct span){ text, n }, &e) == -1)
		abort();
	/* at the ends of the calendar the date is clamped */
	if (e.zone != d.zone || (e.t != d.t && d.t > INT64_C(-62000000000) &&
	    d.t < INT64_C(253400000000)))
		abort();
	n = date_format_imap(text, d.t, d.zone);
	if (date_parse_imap((struct span){ text, n }, &e) == -1)
		abort();
	(void)date_day(&d);
	return 0;
}
