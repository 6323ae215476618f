/* Numbers with units, and the limits that a site may set by name. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_local.h"

#define K	1024ULL
#define M	(1024 * K)
#define G	(1024 * M)

#define L(name, unit, member, min, max, dflt)				\
	{ name, unit, offsetof(struct conf_limits, member),		\
	sizeof(((struct conf_limits *)0)->member), min, max, dflt }

const struct conf_limit conf_limit_table[] = {
	L("message-size", UNIT_SIZE, message_size, 64 * K, 4 * G, 35 * M),
	L("sessions", UNIT_COUNT, sessions, 0, 1000000, 20000),
	L("sessions-per-address", UNIT_COUNT, sessions_per_address, 0,
	    1000000, 100),
	L("connections-per-minute", UNIT_COUNT, connections_per_minute, 0,
	    1000000, 600),
	L("sessions-per-account", UNIT_COUNT, sessions_per_account, 0,
	    1000000, 100),
	L("recipients", UNIT_COUNT, recipients, 1, 100000, 1000),
	L("messages-per-session", UNIT_COUNT, messages_per_session, 0,
	    UINT32_MAX, 100000),
	L("errors", UNIT_COUNT, errors, 0, 1000000, 20),
	L("auth-failures", UNIT_COUNT, auth_failures, 0, 1000000, 5),
	L("smtp-timeout", UNIT_TIME, smtp_timeout, 1, 86400, 300),
	/* RFC 9051 5.4: at least half an hour. */
	L("imap-timeout", UNIT_TIME, imap_timeout, 1800, 7 * 86400, 1800),
	/* RFC 1939 3: at least ten minutes. */
	L("imap-messages", UNIT_COUNT, imap_messages, 0, 100000000, 0),
	L("imap-save", UNIT_COUNT, imap_save, 0, 100000000, 65536),
	L("imap-progress", UNIT_TIME, imap_progress, 1, 86400, 10),
	L("pop3-timeout", UNIT_TIME, pop3_timeout, 600, 86400, 600),
	L("pop3-login-delay", UNIT_TIME, pop3_login_delay, 0, 86400, 0),
	L("relay-connections", UNIT_COUNT, relay_connections, 0, 10000, 20),
	L("disk-reserve", UNIT_SIZE, disk_reserve, 0, 1024 * G, 100 * M),
	L("inode-reserve", UNIT_COUNT, inode_reserve, 0, 100000000, 1000),
	{ NULL, UNIT_COUNT, 0, 0, 0, 0, 0 }
};

static const struct {
	char		 letter;
	uint64_t	 value;
} sizes[] = {
	{ 'T', 1024 * G }, { 'G', G }, { 'M', M }, { 'K', K }, { 'B', 1 }
}, times[] = {
	{ 'w', 7 * 86400 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
	{ 's', 1 }
};
#define NUNITS	5

const struct conf_limit *
conf_limit_find(const char *name)
{
	const struct conf_limit	*l;

	for (l = conf_limit_table; l->name != NULL; l++)
		if (strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

uint64_t
conf_limit_get(const struct conf *conf, const struct conf_limit *l)
{
	const char	*p = (const char *)&conf->limits + l->off;
	uint64_t	 v64;
	uint32_t	 v32;

	if (l->size == sizeof(v64)) {
		memcpy(&v64, p, sizeof(v64));
		return v64;
	}
	memcpy(&v32, p, sizeof(v32));
	return v32;
}

void
conf_limit_set(struct conf *conf, const struct conf_limit *l, uint64_t v)
{
	char		*p = (char *)&conf->limits + l->off;
	uint32_t	 v32 = (uint32_t)v;

	if (l->size == sizeof(v))
		memcpy(p, &v, sizeof(v));
	else
		memcpy(p, &v32, sizeof(v32));
}

static uint64_t
unit_value(enum unit unit, char letter)
{
	int	 i;

	for (i = 0; i < NUNITS; i++) {
		if (unit == UNIT_SIZE && (letter == sizes[i].letter ||
		    letter == (sizes[i].letter | 0x20)))
			return sizes[i].value;
		if (unit == UNIT_TIME && letter == times[i].letter)
			return times[i].value;
	}
	return 0;
}

const char *
unit_parse(enum unit unit, const char *s, uint64_t min, uint64_t max,
    uint64_t *out)
{
	uint64_t	 total = 0, n, f;
	char		*end;

	do {
		if (*s < '0' || *s > '9')
			return unit == UNIT_COUNT ? "not a number" :
			    unit == UNIT_SIZE ? "not a size, as 35M is" :
			    "not a time, as 4d or 1h30m is";
		errno = 0;
		n = strtoull(s, &end, 10);
		f = 1;
		if (*end != '\0' && (f = unit_value(unit, *end++)) == 0)
			return unit == UNIT_COUNT ? "not a number" :
			    "unknown unit";
		if (errno != 0 || n > (UINT64_MAX - total) / f)
			return "too large";
		total += n * f;
		s = end;
	} while (unit == UNIT_TIME && *s != '\0');
	if (*s != '\0')
		return "something follows the unit";
	if (total > max)
		return "too large";
	if (total < min)
		return "too small";
	*out = total;
	return NULL;
}

const char *
unit_print(enum unit unit, uint64_t v, char *dst, size_t size)
{
	uint64_t	 f;
	int		 i;

	for (i = 0; unit != UNIT_COUNT && v != 0 && i < NUNITS; i++) {
		f = unit == UNIT_SIZE ? sizes[i].value : times[i].value;
		if (f == 1 || v % f != 0)
			continue;
		snprintf(dst, size, "%llu%c", (unsigned long long)(v / f),
		    unit == UNIT_SIZE ? sizes[i].letter : times[i].letter);
		return dst;
	}
	snprintf(dst, size, "%llu", (unsigned long long)v);
	return dst;
}
