/* The two forms of date in IMAP, and days, without a clock or a time zone. */
#ifndef IMAP_DATE_H
#define IMAP_DATE_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

#define IMAP_DATETIME_LEN	26	/* without quotes, without NUL */
#define IMAP_DAY_NONE		INT32_MIN

/* Days since 1970-01-01 of a day of the Gregorian calendar. */
int32_t	imap_day_of(int year, int month, int day);
/* The day on which a time falls where it was written. */
int32_t	imap_day_local(int64_t secs, int zone);
/* "1-Feb-1994" or "01-Feb-1994"; 0, or -1: not a day that exists. */
int	imap_date_parse(struct span, int32_t *day);
/*
 * "17-Jul-1996 02:44:25 -0700", first digit may be a space (RFC 9051
 * date-time, inside the quotes): seconds since 1970 and minutes east of UTC.
 */
int	imap_datetime_parse(struct span, int64_t *secs, int *zone);
/* IMAP_DATETIME_LEN characters and a NUL; years outside 0-9999 are clamped. */
void	imap_datetime_print(char [IMAP_DATETIME_LEN + 1], int64_t secs,
	    int zone);

#endif
