/* Dates as commands have them (RFC 9051 date, date-time). */
#ifndef IMAP_DATE_H
#define IMAP_DATE_H

#include <stdint.h>

#include "libmail/date.h"
#include "libutil/span.h"

#define IMAP_DAY_NONE	INT32_MIN

/* Both: 0, or -1: not well formed, or a day that does not exist. */

/* "1-Feb-1994" or "01-Feb-1994": days since 1970. */
int	imap_date_parse(struct span, int32_t *day);
/* "17-Jul-1996 02:44:25 -0700", the first digit may be a space. */
int	imap_datetime_parse(struct span, struct maildate *);

#endif
