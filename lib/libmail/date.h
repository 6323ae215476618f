/* Dates of mail; pure functions of their arguments. */
#ifndef DATE_H
#define DATE_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

struct maildate {
	int64_t	t;		/* seconds since 1970 UTC */
	int	zone;		/* minutes east of UTC, as written */
};

#define DATE_STRLEN	40	/* room for any of the formats, with NUL */

/* RFC 5322 3.3, obsolete zones and years, and what real mail has instead. */
int	date_parse(struct span, struct maildate *);	/* 0, or -1 */
/* IMAP date-time "17-Jul-1996 02:44:25 -0700" (RFC 9051 9), first digit may
 * be a space; no quotes. */
int	date_parse_imap(struct span, struct maildate *);
/* Both return the length without the NUL.  zone in minutes east. */
size_t	date_format(char [DATE_STRLEN], int64_t t, int zone);
size_t	date_format_imap(char [DATE_STRLEN], int64_t t, int zone);
/* Day number since 1970-01-01 of the date as written (SEARCH SENTON). */
int32_t	date_day(const struct maildate *);
/* Day number of a calendar date (Gregorian), month 1..12. */
int32_t	date_days(int year, int month, int day);

#endif
