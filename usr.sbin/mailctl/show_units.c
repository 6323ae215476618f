/* Values as people read them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "show.h"

static void
size_text(double n, char *dst, size_t size)
{
	static const char	 units[] = "BKMGTPE";
	size_t			 u;

	for (u = 0; n >= 1023.5 && u < sizeof(units) - 2; u++)
		n /= 1024;
	if (u == 0)
		snprintf(dst, size, "%.0f", n);
	else
		snprintf(dst, size, n < 9.95 ? "%.1f%c" : "%.0f%c", n,
		    units[u]);
}

/* The two largest units are enough. */
static void
seconds_text(long long s, char *dst, size_t size)
{
	if (s < 0)
		s = 0;
	if (s < 60)
		snprintf(dst, size, "%llds", s);
	else if (s < 3600)
		snprintf(dst, size, "%lldm%02llds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(dst, size, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		snprintf(dst, size, "%lldd%02lldh", s / 86400, s / 3600 % 24);
}

static void
time_text(long long s, char *dst, size_t size)
{
	struct tm	 tm;
	time_t		 t = (time_t)s;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(dst, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(dst, size, "%lld", s);
}

static void
until_text(long long s, char *dst, size_t size)
{
	long long	 now = (long long)time(NULL);

	if (s == 0)
		strlcpy(dst, "-", size);
	else if (s <= now)
		strlcpy(dst, "now", size);
	else
		seconds_text(s - now, dst, size);
}

static void
number_text(long long n, enum show_kind kind, char *dst, size_t size)
{
	switch (kind) {
	case SHOW_SIZE:
		size_text((double)n, dst, size);
		break;
	case SHOW_KB:
		if (n == 0)
			strlcpy(dst, "-", size);
		else
			size_text((double)n * 1024, dst, size);
		break;
	case SHOW_LIMIT:
		if (n == 0)
			strlcpy(dst, "-", size);
		else
			size_text((double)n, dst, size);
		break;
	case SHOW_COUNT:
		if (n == 0)
			strlcpy(dst, "-", size);
		else
			snprintf(dst, size, "%lld", n);
		break;
	case SHOW_SECONDS:
		seconds_text(n, dst, size);
		break;
	case SHOW_AGE:
		seconds_text((long long)time(NULL) - n, dst, size);
		break;
	case SHOW_UNTIL:
		until_text(n, dst, size);
		break;
	case SHOW_TIME:
		time_text(n, dst, size);
		break;
	case SHOW_FLAG:
		strlcpy(dst, n != 0 ? "yes" : "-", size);
		break;
	default:
		snprintf(dst, size, "%lld", n);
		break;
	}
}

void
show_clean(char *s)
{
	unsigned char	*p;

	for (p = (unsigned char *)s; *p != '\0'; p++) {
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		/* U+0080 to U+009F are control characters as well. */
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
			*p++ = '?';
			*p = '?';
		}
	}
}

size_t
show_width(const char *s)
{
	size_t	 n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

const char *
show_cell(const json_t *v, enum show_kind kind, char dst[SHOW_CELL])
{
	if (json_is_integer(v))
		number_text(json_integer_value(v), kind, dst, SHOW_CELL);
	else if (json_is_boolean(v))
		number_text(json_is_true(v), SHOW_FLAG, dst, SHOW_CELL);
	else if (json_is_string(v)) {
		strlcpy(dst, json_string_value(v), SHOW_CELL);
		if (dst[0] == '\0' && kind == SHOW_SENDER)
			strlcpy(dst, "<>", SHOW_CELL);
	} else
		dst[0] = '\0';
	if (dst[0] == '\0' && kind != SHOW_BELOW)
		strlcpy(dst, "-", SHOW_CELL);
	show_clean(dst);
	return dst;
}
