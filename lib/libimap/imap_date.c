#include <string.h>

#include "libimap/imap_date.h"

#define DAYLEN	11	/* "01-Feb-1994" */

/* libmail takes 30-Feb for 2-Mar, as it must in mail; a command may not. */
int
imap_datetime_parse(struct span s, struct maildate *d)
{
	char	back[DATE_STRLEN];

	if (date_parse_imap(s, d) == -1)
		return -1;
	date_format_imap(back, d->t, d->zone);
	if (back[0] == '0' && s.p[0] == ' ')
		back[0] = ' ';
	return strncasecmp(back, s.p, DAYLEN) == 0 ? 0 : -1;
}

int
imap_date_parse(struct span s, int32_t *day)
{
	static const char	midnight[] = " 00:00:00 +0000";
	char			buf[DAYLEN + sizeof(midnight)];
	struct maildate		d;

	if ((s.len != DAYLEN && s.len != DAYLEN - 1) || s.p[0] == ' ')
		return -1;
	buf[0] = ' ';
	memcpy(buf + DAYLEN - s.len, s.p, s.len);
	memcpy(buf + DAYLEN, midnight, sizeof(midnight));
	if (imap_datetime_parse((struct span){ buf, sizeof(buf) - 1 },
	    &d) == -1)
		return -1;
	*day = date_day(&d);
	return 0;
}
