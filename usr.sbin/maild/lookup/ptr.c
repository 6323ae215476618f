/* The name of a client. */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "ptr.h"

#define PTR_CACHE	1000
#define PTR_SECONDS	300
#define PTR_NAMES	3	/* of an address that are tried */

struct ptr_entry {
	TAILQ_ENTRY(ptr_entry)	 entry;		/* oldest first */
	uint8_t			 key[17];	/* family, bytes */
	uint64_t		 until;
	char			 name[DNSPKT_NAME];
};

struct ptr_job {
	struct addr	 addr;
	char		 names[PTR_NAMES][DNSPKT_NAME];
	unsigned	 n;
	unsigned	 next;
	int		 temp;		/* do not remember the answer */
	ptr_cb		 cb;
	void		*arg;
};

static struct hashtab	 ptr_table;
static TAILQ_HEAD(, ptr_entry) ptr_age = TAILQ_HEAD_INITIALIZER(ptr_age);

static const void *
ptr_key(const void *entry, size_t *len)
{
	const struct ptr_entry	*e = entry;

	*len = sizeof(e->key);
	return e->key;
}

void
ptr_init(void)
{
	hashtab_init(&ptr_table, ptr_key);
}

static void
ptr_make_key(uint8_t key[17], const struct addr *a)
{
	key[0] = a->family;
	memcpy(key + 1, a->bytes, 16);
}

static void
ptr_drop(struct ptr_entry *e)
{
	hashtab_remove(&ptr_table, e->key, sizeof(e->key));
	TAILQ_REMOVE(&ptr_age, e, entry);
	free(e);
}

const char *
ptr_cached(const struct addr *a)
{
	struct ptr_entry	*e;
	uint8_t			 key[17];

	ptr_make_key(key, a);
	if ((e = hashtab_find(&ptr_table, key, sizeof(key))) == NULL)
		return NULL;
	if (e->until <= proc_now_ms()) {
		ptr_drop(e);
		return NULL;
	}
	return e->name;
}

static void
ptr_remember(const struct addr *a, const char *name)
{
	struct ptr_entry	*e;

	if (ptr_cached(a) != NULL)
		return;
	if (ptr_table.count >= PTR_CACHE)
		ptr_drop(TAILQ_FIRST(&ptr_age));
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return;
	ptr_make_key(e->key, a);
	e->until = proc_now_ms() + PTR_SECONDS * 1000;
	strlcpy(e->name, name, sizeof(e->name));
	if (hashtab_insert(&ptr_table, e) == -1) {
		free(e);
		return;
	}
	TAILQ_INSERT_TAIL(&ptr_age, e, entry);
}

static void
ptr_end(struct ptr_job *job, const char *name)
{
	if (!job->temp || *name != '\0')
		ptr_remember(&job->addr, name);
	job->cb(name, job->arg);
	free(job);
}

static void	ptr_forward(const struct dns_answer *, void *);

/* Does the next of the names lead back? */
static void
ptr_next(struct ptr_job *job)
{
	if (job->next == job->n)
		ptr_end(job, "");
	else
		dns_ask(job->names[job->next], job->addr.family == 4 ? DNS_A :
		    DNS_AAAA, ptr_forward, job);
}

static void
ptr_forward(const struct dns_answer *a, void *arg)
{
	struct ptr_job	*job = arg;
	size_t		 i;

	if (a->status == DNS_TEMP)
		job->temp = 1;
	for (i = 0; a->status == DNS_OK && i < a->n; i++) {
		if (memcmp(a->rrs[i].addr, job->addr.bytes,
		    job->addr.family == 4 ? 4 : 16) == 0) {
			ptr_end(job, job->names[job->next]);
			return;
		}
	}
	job->next++;
	ptr_next(job);
}

static void
ptr_names(const struct dns_answer *a, void *arg)
{
	struct ptr_job	*job = arg;
	size_t		 i;

	if (a->status == DNS_TEMP)
		job->temp = 1;
	for (i = 0; a->status == DNS_OK && i < a->n && job->n < PTR_NAMES; i++)
		if (a->rrs[i].name[0] != '\0')
			strlcpy(job->names[job->n++], a->rrs[i].name,
			    DNSPKT_NAME);
	ptr_next(job);
}

/* 1.2.0.192.in-addr.arpa, or nibbles under ip6.arpa */
static void
ptr_reverse(const struct addr *a, char dst[DNSPKT_NAME])
{
	size_t	 n = 0;
	int	 i;

	if (a->family == 4) {
		snprintf(dst, DNSPKT_NAME, "%u.%u.%u.%u.in-addr.arpa",
		    a->bytes[3], a->bytes[2], a->bytes[1], a->bytes[0]);
		return;
	}
	for (i = 15; i >= 0; i--)
		n += (size_t)snprintf(dst + n, DNSPKT_NAME - n, "%x.%x.",
		    a->bytes[i] & 15, a->bytes[i] >> 4);
	snprintf(dst + n, DNSPKT_NAME - n, "ip6.arpa");
}

void
ptr_ask(const struct addr *a, ptr_cb cb, void *arg)
{
	struct ptr_job	*job;
	const char	*known;
	char		 name[DNSPKT_NAME];

	if (a->family == 0) {
		cb("localhost", arg);
		return;
	}
	if ((known = ptr_cached(a)) != NULL) {
		cb(known, arg);
		return;
	}
	if ((job = calloc(1, sizeof(*job))) == NULL)
		fatal("ptr");
	job->addr = *a;
	job->cb = cb;
	job->arg = arg;
	ptr_reverse(a, name);
	dns_ask(name, DNS_PTR, ptr_names, job);
}
