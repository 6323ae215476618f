/* mailctl fsck: of a maild that runs it asks, else it looks itself. */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "fsck.h"
#include "progress.h"
#include "show.h"
#include "site.h"

struct report {
	const struct mailctl	*m;
	struct progress		 bar;
	json_t			*problems;
	uint64_t		 n;
};

static const char *
text_of(const json_t *row, const char *key)
{
	const char	*s = json_string_value(json_object_get(row, key));

	return s == NULL ? "" : s;
}

static long long
number_of(const json_t *row, const char *key)
{
	return (long long)json_integer_value(json_object_get(row, key));
}

static void
print_problem(const json_t *row)
{
	char	 line[2048];
	int	 n = 0;

	if (number_of(row, "segment") != 0)
		n = snprintf(line, sizeof(line), "segment %lld at %lld: ",
		    number_of(row, "segment"), number_of(row, "offset"));
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s",
	    text_of(row, "problem"));
	if (text_of(row, "account")[0] != '\0')
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s %s",
		    text_of(row, "account"), text_of(row, "mailbox"));
	if (text_of(row, "id")[0] != '\0')
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s",
		    text_of(row, "id"));
	if (number_of(row, "uid") != 0)
		snprintf(line + n, sizeof(line) - (size_t)n, " uid %lld",
		    number_of(row, "uid"));
	show_clean(line);
	puts(line);
}

static void
on_row(void *arg, json_t *row)
{
	struct report	*r = arg;
	uint64_t	 done;

	if (json_object_get(row, "problem") != NULL) {
		r->n++;
		progress_clear(&r->bar);
		if (r->m->json)
			json_array_append(r->problems, row);
		else
			print_problem(row);
	} else if (json_object_get(row, "replayed") != NULL) {
		done = (uint64_t)number_of(row, "replayed");
		progress_show(&r->bar, 0, 0, done, "records");
	} else if (json_object_get(row, "done") != NULL) {
		done = (uint64_t)number_of(row, "done");
		progress_show(&r->bar, done, (uint64_t)number_of(row, "all"),
		    done >> 20, "MB");
	}
}

/* 1 good, 0 not, -1 not reached: *down when it does not run. */
static int
check_running(struct mailctl *m, struct report *r, char text[ASK_TEXT],
    int *down)
{
	struct ask	*a;
	json_t		*o;
	int		 ok;

	a = ask_open(m->socket != NULL ? m->socket :
	    mailctl_site(m, 0)->control, text, down);
	if (a == NULL)
		return -1;
	if ((o = json_pack("{s:s}", "verb", "fsck")) == NULL)
		err(1, NULL);
	ok = ask_each(a, o, on_row, r, text);
	ask_close(a);
	return ok;
}

static int
check_files(const char *dir, enum fsck_kind kind, int rebuild,
    struct report *r, char text[ASK_TEXT])
{
	struct ask	*a;
	struct stat	 st;
	int		 fd, ok;

	if (stat(dir, &st) == -1) {
		snprintf(text, ASK_TEXT, "%s: %s", dir, strerror(errno));
		return 0;
	}
	progress_begin(&r->bar);
	if ((fd = fsck_files(dir, kind, rebuild)) == -1 ||
	    (a = ask_from(fd)) == NULL)
		err(1, "%s", dir);
	ok = ask_each(a, NULL, on_row, r, text);
	if (ok == -1)
		snprintf(text, ASK_TEXT, "%s: the check broke off", dir);
	ask_close(a);
	fsck_files_end();
	progress_clear(&r->bar);
	return ok == 1;
}

/* Store and queue; text says how both are. */
static int
check_stopped(struct mailctl *m, int rebuild, struct report *r,
    char text[ASK_TEXT])
{
	struct site	*s = mailctl_site(m, 0);
	char		 one[ASK_TEXT], two[ASK_TEXT];
	int		 ok;

	ok = check_files(s->store, FSCK_STORE, rebuild, r, one);
	ok &= check_files(s->spool, FSCK_SPOOL, rebuild, r, two);
	if (strcmp(one, two) == 0)	/* both could not be */
		two[0] = '\0';
	snprintf(text, ASK_TEXT, "%.250s%s%.250s", one, two[0] == '\0' ?
	    "" : "; ", two);
	return ok;
}

static int
result(const struct mailctl *m, struct report *r, int ok, const char *text)
{
	json_t	*o;

	progress_clear(&r->bar);
	if (!m->json)
		return act_said(m, ok, text);
	o = json_pack("{s:b, s:s, s:O}", "ok", ok == 1, "text", text,
	    "problems", r->problems);
	if (o == NULL)
		err(1, NULL);
	show_json(o);
	json_decref(o);
	return ok == 1 ? 0 : 1;
}

int
act_fsck(struct mailctl *m, const struct request *req)
{
	struct report	 r = { .m = m, .problems = act_rows() };
	char		 text[ASK_TEXT];
	int		 ok = -1, down = 1;

	if (req->prefix != NULL && (m->prefix = realpath(req->prefix,
	    NULL)) == NULL)
		err(1, "%s", req->prefix);
	progress_begin(&r.bar);
	if (!req->rebuild)
		ok = check_running(m, &r, text, &down);
	if (ok == -1 && down)
		ok = check_stopped(m, req->rebuild, &r, text);
	ok = result(m, &r, ok, text);
	json_decref(r.problems);
	return ok;
}
