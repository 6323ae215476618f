/* The control process' protocol: lines of JSON over a local socket. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"

struct ask {
	FILE	*in;
	int	 fd;
	char	*line;
	size_t	 size;
};

struct ask *
ask_from(int fd)
{
	struct ask	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL ||
	    (a->in = fdopen(fd, "r")) == NULL) {
		close(fd);
		free(a);
		return NULL;
	}
	a->fd = fd;
	return a;
}

struct ask *
ask_open(const char *path, char text[ASK_TEXT], int *down)
{
	struct sockaddr_un	 sun;
	struct ask		*a;
	int			 fd;

	*down = 0;
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		snprintf(text, ASK_TEXT, "%s: the path is too long", path);
		return NULL;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		*down = errno == ENOENT || errno == ECONNREFUSED;
		snprintf(text, ASK_TEXT, "%s%s: %s", *down ?
		    "maild does not run: " : "", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return NULL;
	}
	if ((a = ask_from(fd)) == NULL)
		snprintf(text, ASK_TEXT, "%s", strerror(errno));
	return a;
}

void
ask_close(struct ask *a)
{
	if (a == NULL)
		return;
	fclose(a->in);
	free(a->line);
	free(a);
}

static int
ask_send(struct ask *a, const char *line, size_t len)
{
	ssize_t	 n;

	for (; len > 0; line += n, len -= (size_t)n)
		if ((n = send(a->fd, line, len, MSG_NOSIGNAL)) == -1) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

static int
ask_broken(char text[ASK_TEXT], const char *why)
{
	snprintf(text, ASK_TEXT, "maild broke off: %s", why);
	return -1;
}

/* 0, or -1; the request is taken. */
static int
ask_request(struct ask *a, json_t *request)
{
	char	*line;
	int	 ok;

	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (line == NULL) {
		errno = ENOMEM;
		return -1;
	}
	ok = ask_send(a, line, strlen(line)) == 0 && ask_send(a, "\n", 1) == 0;
	free(line);
	return ok ? 0 : -1;
}

int
ask_each(struct ask *a, json_t *request, void (*each)(void *, json_t *),
    void *arg, char text[ASK_TEXT])
{
	json_t		*row;
	const char	*said;
	ssize_t		 n;
	int		 ok;

	if (request != NULL && ask_request(a, request) == -1)
		return ask_broken(text, strerror(errno));
	for (;;) {
		if ((n = getline(&a->line, &a->size, a->in)) == -1)
			return ask_broken(text, feof(a->in) ?
			    "it closed the connection" : strerror(errno));
		if ((row = json_loadb(a->line, (size_t)n, 0, NULL)) == NULL ||
		    !json_is_object(row)) {
			json_decref(row);
			return ask_broken(text, "that was no answer");
		}
		if (!json_is_true(json_object_get(row, "end"))) {
			each(arg, row);
			json_decref(row);
			continue;
		}
		ok = json_is_true(json_object_get(row, "ok"));
		said = json_string_value(json_object_get(row, "text"));
		snprintf(text, ASK_TEXT, "%s", said == NULL ? "" : said);
		json_decref(row);
		return ok;
	}
}

static void
ask_keep(void *rows, json_t *row)
{
	json_array_append(rows, row);
}

int
ask(struct ask *a, json_t *request, json_t *rows, char text[ASK_TEXT])
{
	return ask_each(a, request, ask_keep, rows, text);
}
