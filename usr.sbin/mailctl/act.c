/* What the daemon is asked, and how the answer looks. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "act.h"
#include "libtable/taddr.h"
#include "show.h"
#include "site.h"

json_t *
act_rows(void)
{
	json_t	*rows;

	if ((rows = json_array()) == NULL)
		err(1, NULL);
	return rows;
}

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL && json_object_set_new(o, key,
	    json_string(value)) == -1)
		errx(1, "%s: not UTF-8", value);
}

int
act_ask(struct mailctl *m, const struct request *r, const char *verb,
    const char *arg, json_t *rows, char text[ASK_TEXT], int *down)
{
	const char	*path = m->socket;
	struct ask	*a;
	json_t		*o;
	int		 ok, nobody = 0;

	if ((o = json_object()) == NULL)
		err(1, NULL);
	put(o, "verb", verb);
	put(o, "arg", arg);
	if (r != NULL) {
		put(o, "id", r->id);
		put(o, "sender", r->sender);
		put(o, "rcpt", r->rcpt);
		if (r->older != 0)
			json_object_set_new(o, "older",
			    json_integer(r->older));
	}
	if (path == NULL)
		path = mailctl_site(m, 0)->control;
	if ((a = ask_open(path, text, &nobody)) == NULL) {
		json_decref(o);
		ok = -1;
	} else
		ok = ask(a, o, rows, text);
	ask_close(a);
	if (down != NULL)
		*down = nobody;
	return ok;
}

int
act_said(const struct mailctl *m, int ok, const char *text)
{
	json_t	*o;
	char	 clean[ASK_TEXT];

	if (m->json) {
		o = json_pack("{s:b, s:s}", "ok", ok == 1, "text", text);
		if (o == NULL)
			err(1, NULL);
		show_json(o);
		json_decref(o);
	} else {
		strlcpy(clean, text, sizeof(clean));
		show_clean(clean);
		if (ok != 1)
			warnx("%s", clean[0] == '\0' ? "maild refused" :
			    clean);
		else if (clean[0] != '\0')
			printf("%s\n", clean);
	}
	return ok == 1 ? 0 : 1;
}

int
act_show(const struct mailctl *m, int ok, const char *text,
    const json_t *rows, void (*show)(const json_t *))
{
	if (ok != 1)
		return act_said(m, ok, text);
	if (m->json)
		show_json(rows);
	else
		show(rows);
	return 0;
}

int
act_simple(struct mailctl *m, const struct request *r)
{
	char	 text[ASK_TEXT];
	json_t	*rows = act_rows();
	int	 ok;

	ok = act_ask(m, r, r->verb, r->level, rows, text, NULL);
	json_decref(rows);
	return act_said(m, ok, text);
}

static int
ask_and_show(struct mailctl *m, const struct request *r, const char *arg,
    void (*show)(const json_t *))
{
	char	 text[ASK_TEXT];
	json_t	*rows = act_rows();
	int	 ret;

	ret = act_ask(m, r, r->verb, arg, rows, text, NULL);
	ret = act_show(m, ret, text, rows, show);
	json_decref(rows);
	return ret;
}

/* ---- the queue ---------------------------------------------------------- */

static const struct column queue_cols[] = {
	{ "id",		"ID",		SHOW_TEXT },
	{ "created",	"AGE",		SHOW_AGE },
	{ "size",	"SIZE",		SHOW_SIZE },
	{ "state",	"STATE",	SHOW_TEXT },
	{ "tries",	"TRIES",	SHOW_NUMBER },
	{ "next",	"NEXT",		SHOW_UNTIL },
	{ "sender",	"SENDER",	SHOW_SENDER },
	{ "recipient",	"RECIPIENT",	SHOW_TEXT },
	{ "reason",	"REASON",	SHOW_BELOW },
	{ "host",	"HOST",		SHOW_NOT },
	{ "code",	"CODE",		SHOW_NOT },
	{ "enhanced",	"ENHANCED",	SHOW_NOT },
	{ NULL,		NULL,		SHOW_TEXT }
};

/* Rows are recipients; people ask how many messages there are. */
static void
show_queue(const json_t *rows)
{
	const char	*id, *last = "";
	json_t		*row;
	size_t		 i, n = 0;

	if (json_array_size(rows) == 0) {
		puts("The queue is empty.");
		return;
	}
	show_table(rows, queue_cols);
	json_array_foreach(rows, i, row) {
		id = json_string_value(json_object_get(row, "id"));
		if (id != NULL && strcmp(id, last) != 0) {
			n++;
			last = id;
		}
	}
	printf("%zu message%s, %zu recipient%s\n", n, n == 1 ? "" : "s",
	    json_array_size(rows), json_array_size(rows) == 1 ? "" : "s");
}

static void
show_filtered(const json_t *rows)
{
	if (json_array_size(rows) == 0)
		puts("No such messages.");
	else
		show_queue(rows);
}

int
act_queue_list(struct mailctl *m, const struct request *r)
{
	return ask_and_show(m, r, NULL, r->sender != NULL ||
	    r->rcpt != NULL || r->older != 0 ? show_filtered : show_queue);
}

static const struct column message_cols[] = {
	{ "id",		"message",	SHOW_TEXT },
	{ "created",	"came",		SHOW_TIME },
	{ "size",	"size",		SHOW_SIZE },
	{ "sender",	"sender",	SHOW_SENDER },
	{ "recipient",	"recipient",	SHOW_TEXT },
	{ "state",	"state",	SHOW_TEXT },
	{ "tries",	"tries",	SHOW_NUMBER },
	{ "next",	"next try in",	SHOW_UNTIL },
	{ "host",	"host",		SHOW_TEXT },
	{ "code",	"reply",	SHOW_COUNT },
	{ "enhanced",	"status",	SHOW_TEXT },
	{ "reason",	"reason",	SHOW_BELOW },
	{ NULL,		NULL,		SHOW_TEXT }
};

static void
show_message(const json_t *rows)
{
	show_records(rows, message_cols);
}

int
act_message(struct mailctl *m, const struct request *r)
{
	return ask_and_show(m, r, NULL, show_message);
}

static void
show_trace(const json_t *rows)
{
	char		 cell[SHOW_CELL];
	const char	*id, *last = "";
	json_t		*row;
	size_t		 i;

	if (json_array_size(rows) == 0)
		puts("Nothing is known of that.");
	json_array_foreach(rows, i, row) {
		id = json_string_value(json_object_get(row, "id"));
		if (id != NULL && strcmp(id, last) != 0) {
			show_cell(json_object_get(row, "id"), SHOW_TEXT, cell);
			printf("%s%s\n", i > 0 ? "\n" : "", cell);
			last = id;
		}
		show_cell(json_object_get(row, "time"), SHOW_TIME, cell);
		printf("  %s  ", cell);
		show_cell(json_object_get(row, "event"), SHOW_TEXT, cell);
		puts(cell);
	}
}

/* The queue keeps addresses in lower case. */
int
act_trace(struct mailctl *m, const struct request *r)
{
	char	 lower[TADDR_MAX + 1];
	size_t	 i;

	if (r->name == NULL)
		return ask_and_show(m, r, NULL, show_trace);
	strlcpy(lower, r->name, sizeof(lower));
	for (i = 0; lower[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	return ask_and_show(m, r, lower, show_trace);
}

/* ---- the processes ------------------------------------------------------ */

static const struct column status_cols[] = {
	{ "process",	"PROCESS",	SHOW_TEXT },
	{ "instance",	"INSTANCE",	SHOW_NUMBER },
	{ "pid",	"PID",		SHOW_COUNT },
	{ "state",	"STATE",	SHOW_TEXT },
	{ "uptime",	"UPTIME",	SHOW_SECONDS },
	{ "restarts",	"RESTARTS",	SHOW_NUMBER },
	{ "sessions",	"SESSIONS",	SHOW_NUMBER },
	{ "rss_kb",	"RESIDENT",	SHOW_KB },
	{ "pss_kb",	"MEMORY",	SHOW_KB },
	{ NULL,		NULL,		SHOW_TEXT }
};

/* The row that is of the same process, or NULL. */
static json_t *
same_process(json_t *rows, const json_t *row)
{
	json_t	*other;
	size_t	 i;

	json_array_foreach(rows, i, other)
		if (json_equal(json_object_get(other, "process"),
		    json_object_get(row, "process")) &&
		    json_equal(json_object_get(other, "instance"),
		    json_object_get(row, "instance")))
			return other;
	return NULL;
}

/* Sessions are what the processes that have any count themselves. */
static void
status_sessions(json_t *rows, json_t *stats)
{
	static const char *const	 names[] = { "smtp", "imap", "relay" };
	static const char *const	 keys[] = { "smtp_open", "imap_open",
					    "relay.sessions" };
	const char	*name;
	json_t		*row, *stat, *n;
	size_t		 i, k;

	json_array_foreach(rows, i, row) {
		name = json_string_value(json_object_get(row, "process"));
		if (name == NULL || (stat = same_process(stats, row)) == NULL)
			continue;
		for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			if (strcmp(name, names[k]) == 0 &&
			    (n = json_object_get(stat, keys[k])) != NULL)
				json_object_set(row, "sessions", n);
	}
}

static void
show_status(const json_t *rows)
{
	char		 cell[SHOW_CELL];
	json_t		*row, *total;
	json_int_t	 kb = 0, pss, sessions = 0;
	size_t		 i;

	show_table(rows, status_cols);
	json_array_foreach(rows, i, row) {
		/*
		 * Pages that several of them use count once, where the system
		 * lets maild know.
		 */
		pss = json_integer_value(json_object_get(row, "pss_kb"));
		kb += pss > 0 ? pss :
		    json_integer_value(json_object_get(row, "rss_kb"));
		sessions += json_integer_value(json_object_get(row,
		    "sessions"));
	}
	if ((total = json_integer(kb)) == NULL)
		return;
	printf("%zu processes, %lld session%s, %s of memory\n",
	    json_array_size(rows), (long long)sessions,
	    sessions == 1 ? "" : "s", show_cell(total, SHOW_KB, cell));
	json_decref(total);
}

int
act_status(struct mailctl *m, const struct request *r)
{
	char	 text[ASK_TEXT], ignore[ASK_TEXT];
	json_t	*rows = act_rows(), *stats = act_rows();
	int	 ret;

	ret = act_ask(m, r, r->verb, NULL, rows, text, NULL);
	/* One of them may not answer just now: the rest is worth showing. */
	if (ret == 1 && act_ask(m, NULL, "stats", NULL, stats, ignore,
	    NULL) != -1)
		status_sessions(rows, stats);
	ret = act_show(m, ret, text, rows, show_status);
	json_decref(rows);
	json_decref(stats);
	return ret;
}

/* The sum over the instances of each process; JSON has them one by one. */
static json_t *
stats_sums(const json_t *rows)
{
	const char	*name, *key;
	json_t		*sums, *sum, *row, *v;
	size_t		 i;

	if ((sums = json_object()) == NULL)
		err(1, NULL);
	json_array_foreach(rows, i, row) {
		name = json_string_value(json_object_get(row, "process"));
		if (name == NULL)
			continue;
		if ((sum = json_object_get(sums, name)) == NULL) {
			sum = json_object();
			json_object_set_new(sums, name, sum);
		}
		json_object_foreach(row, key, v)
			if (json_is_integer(v) && strcmp(key, "instance") != 0)
				json_object_set_new(sum, key, json_integer(
				    json_integer_value(v) + json_integer_value(
				    json_object_get(sum, key))));
	}
	return sums;
}

static int
by_name(const void *a, const void *b)
{
	const char *const	*x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* They answer in any order; people look for the same place each time. */
static void
show_stats(const json_t *rows)
{
	char		 cell[SHOW_CELL];
	const char	**names, *key;
	json_t		*sums, *v;
	size_t		 i = 0, n;

	sums = stats_sums(rows);
	n = json_object_size(sums);
	if ((names = calloc(n + 1, sizeof(*names))) == NULL)
		err(1, NULL);
	json_object_foreach(sums, key, v)
		names[i++] = key;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++)
		json_object_foreach(json_object_get(sums, names[i]), key, v) {
			show_cell(v, SHOW_NUMBER, cell);
			printf("%-8s  %-32s  %12s\n", names[i], key, cell);
		}
	free(names);
	json_decref(sums);
}

int
act_stats(struct mailctl *m, const struct request *r)
{
	return ask_and_show(m, r, NULL, show_stats);
}

static const struct column session_cols[] = {
	{ "id",		"ID",		SHOW_TEXT },
	{ "protocol",	"PROTOCOL",	SHOW_TEXT },
	{ "client",	"CLIENT",	SHOW_TEXT },
	{ "account",	"ACCOUNT",	SHOW_TEXT },
	{ "tls",	"TLS",		SHOW_FLAG },
	{ "seconds",	"SINCE",	SHOW_SECONDS },
	{ "messages",	"MESSAGES",	SHOW_NUMBER },
	{ "mailbox",	"MAILBOX",	SHOW_TEXT },
	{ "state",	"STATE",	SHOW_TEXT },
	{ NULL,		NULL,		SHOW_TEXT }
};

static void
show_sessions(const json_t *rows)
{
	show_table(rows, session_cols);
	printf("%zu session%s\n", json_array_size(rows),
	    json_array_size(rows) == 1 ? "" : "s");
}

int
act_sessions(struct mailctl *m, const struct request *r)
{
	return ask_and_show(m, r, NULL, show_sessions);
}

/* ---- DKIM --------------------------------------------------------------- */

/* A TXT record's strings hold 255 bytes each (RFC 1035 3.3.14). */
static void
print_txt(const char *name, const char *value)
{
	size_t	 len = strlen(value), n;

	printf("%s. IN TXT (", name);
	for (; len > 0; value += n, len -= n) {
		n = len > 250 ? 250 : len;
		printf("\n\t\"%.*s\"", (int)n, value);
	}
	printf(" )\n");
}

static void
show_dkim(const json_t *rows)
{
	const char	*name, *value, *file;
	json_t		*row;
	size_t		 i;

	json_array_foreach(rows, i, row)
		if (json_unpack(row, "{s:s, s:s, s:s}", "name", &name, "value",
		    &value, "file", &file) == 0) {
			printf("; the key is in %s; publish this, then say "
			    "\"mailctl reload\":\n", file);
			print_txt(name, value);
		}
}

/* The protocol wants "domain selector algorithm". */
int
act_dkim_add(struct mailctl *m, const struct request *r)
{
	char		 arg[512], today[32];
	const char	*selector = r->selector;
	const char	*algorithm = r->algorithm;
	struct tm	 tm;
	time_t		 now = time(NULL);

	if (algorithm == NULL)
		algorithm = "rsa";
	if (selector == NULL) {
		/* Both kinds may be made on one day. */
		if (localtime_r(&now, &tm) == NULL || strftime(today,
		    sizeof(today), algorithm[0] == 'e' ? "e%Y%m%d" :
		    "s%Y%m%d", &tm) == 0)
			errx(1, "no clock");
		selector = today;
	}
	snprintf(arg, sizeof(arg), "%s %s %s", r->name, selector, algorithm);
	return ask_and_show(m, r, arg, show_dkim);
}
