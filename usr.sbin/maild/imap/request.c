#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "later.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "request.h"

/* All of it will be read: map it at once, where that can be said. */
#ifndef MAP_POPULATE
#define MAP_POPULATE	0
#endif

struct request {
	uint32_t	 req;
	uint8_t		 lost;
	request_cb	 cb;
	void		*arg;
};

static struct hashtab	 requests;
static uint32_t		 last;
static struct later	 lost;

static const void *
request_key(const void *entry, size_t *len)
{
	const struct request	*r = entry;

	*len = sizeof(r->req);
	return &r->req;
}

void
request_init(void)
{
	hashtab_init(&requests, request_key);
}

uint32_t
request_new(request_cb cb, void *arg)
{
	struct request	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal("request");
	do {
		r->req = ++last;
	} while (hashtab_find(&requests, &r->req, sizeof(r->req)) != NULL);
	r->cb = cb;
	r->arg = arg;
	if (hashtab_insert(&requests, r) == -1)
		fatal("request");
	return r->req;
}

static void
answer_lost(void *arg)
{
	struct msg_st_r	 m = { .code = ST_TEMP,
	    .text = "the store is not available just now" };
	struct request	*r;
	size_t		 iter = 0;

	while ((r = hashtab_next(&requests, &iter)) != NULL) {
		if (!r->lost)
			continue;
		m.req = r->req;
		request_answer(r->req, M_ST_R, &m, -1);
		iter = 0;
	}
}

static void
tell_lost(struct request *r)
{
	r->lost = 1;
	later_call(&lost, answer_lost, NULL);
}

void
request_send(uint32_t req, uint32_t type, const void *msg)
{
	struct request	*r;

	if (proc_send(PROC_STORE, 0, type, msg, -1) == 0)
		return;
	if ((r = hashtab_find(&requests, &req, sizeof(req))) != NULL)
		tell_lost(r);
}

void
request_forget(void *arg)
{
	struct request	*r;
	size_t		 iter = 0;

	if (requests.count == 0)
		return;
	/* The answer still comes and must find its request. */
	while ((r = hashtab_next(&requests, &iter)) != NULL) {
		if (r->arg == arg)
			r->cb = NULL;
	}
}

void
request_answer(uint32_t req, uint32_t type, const void *msg, int fd)
{
	struct request	*r;
	request_cb	 cb;
	void		*arg;

	r = hashtab_remove(&requests, &req, sizeof(req));
	if (r == NULL) {
		/* Asked of the store before this one. */
		if (fd != -1)
			close(fd);
		return;
	}
	cb = r->cb;
	arg = r->arg;
	free(r);
	if (cb != NULL)
		cb(arg, type, msg, fd);
	else if (fd != -1)
		close(fd);
}

void
request_store_gone(void)
{
	struct request	*r;
	size_t		 iter = 0;

	while ((r = hashtab_next(&requests, &iter)) != NULL)
		tell_lost(r);
}

int
rows_open(struct rows *rows, const struct msg_blob *b, uint64_t size, int fd)
{
	struct stat	 st;
	int		 seals;

	memset(rows, 0, sizeof(*rows));
	if (fd == -1) {
		rows->data = b->data;
		rows->len = b->len;
		return size == 0 ? 0 : -1;
	}
	/* The store is a peer like any other: it must not cut our map. */
	if ((seals = fcntl(fd, F_GET_SEALS)) == -1 ||
	    !(seals & F_SEAL_SHRINK) || fstat(fd, &st) == -1 ||
	    (uint64_t)st.st_size < size || size == 0) {
		close(fd);
		return -1;
	}
	rows->map = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE,
	    fd, 0);
	close(fd);
	if (rows->map == MAP_FAILED) {
		rows->map = NULL;
		return -1;
	}
	rows->maplen = size;
	rows->data = rows->map;
	rows->len = size;
	return 0;
}

int
rows_keep(struct rows *rows)
{
	if (rows->map != NULL || rows->len == 0)
		return 0;
	if ((rows->copy = malloc(rows->len)) == NULL)
		return -1;
	memcpy(rows->copy, rows->data, rows->len);
	rows->data = rows->copy;
	return 0;
}

void
rows_free(struct rows *rows)
{
	if (rows->map != NULL)
		munmap(rows->map, rows->maplen);
	free(rows->copy);
	memset(rows, 0, sizeof(*rows));
}
