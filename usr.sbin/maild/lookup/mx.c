/* The mail hosts of a domain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns.h"
#include "libtable/taddr.h"
#include "libutil/log.h"
#include "mx.h"

struct mx_job {
	char		 ourselves[256];
	struct mx_host	 hosts[MX_HOSTS];
	unsigned	 nhosts;
	unsigned	 waiting;	/* address questions that are out */
	uint8_t		 secure;
	uint8_t		 temp;		/* one of them failed */
	char		 why[128];
	mx_cb		 cb;
	void		*arg;
};

/* One question about a host's addresses. */
struct mx_addrq {
	struct mx_job	*job;
	unsigned	 host;
	uint8_t		 family;
};

static void
mx_end(struct mx_job *job, enum msg_mx_status status, const char *text)
{
	struct mx_answer	 a;

	memset(&a, 0, sizeof(a));
	a.status = status;
	a.text = text;
	a.secure = job->secure;
	if (status == MX_OK) {
		a.hosts = job->hosts;
		a.nhosts = job->nhosts;
	}
	job->cb(&a, job->arg);
	free(job);
}

/* IPv6 and IPv4 in turns, IPv6 first (RFC 8305 in spirit). */
static void
mx_interleave(struct mx_host *h)
{
	struct addr	 out[MX_ADDRS];
	unsigned	 i, n = 0, pos[2] = { 0, 0 };
	int		 want = 6;

	while (n < h->naddrs) {
		i = pos[want == 4];
		while (i < h->naddrs && h->addrs[i].family != want)
			i++;
		pos[want == 4] = i + 1;
		if (i < h->naddrs)
			out[n++] = h->addrs[i];
		want = want == 6 ? 4 : 6;
	}
	memcpy(h->addrs, out, n * sizeof(out[0]));
}

static void
mx_addrs_done(struct mx_job *job)
{
	unsigned	 i, n = 0;

	for (i = 0; i < job->nhosts; i++) {
		if (job->hosts[i].naddrs == 0)
			continue;
		mx_interleave(&job->hosts[i]);
		if (n != i)
			job->hosts[n] = job->hosts[i];
		n++;
	}
	job->nhosts = n;
	if (n > 0)
		mx_end(job, MX_OK, "");
	else if (job->temp)
		mx_end(job, MX_TEMP, job->why);
	else
		mx_end(job, MX_NONE, "no address of its mail host");
}

static void
mx_addr(const struct dns_answer *a, void *arg)
{
	struct mx_addrq	*q = arg;
	struct mx_job	*job = q->job;
	struct mx_host	*h = &job->hosts[q->host];
	struct addr	*addr;
	size_t		 i;
	unsigned	 room;

	/* Neither family may take all the room. */
	room = MX_ADDRS / 2;
	if (a->status == DNS_OK) {
		for (i = 0; i < a->n && room > 0; i++, room--) {
			addr = &h->addrs[h->naddrs++];
			memset(addr, 0, sizeof(*addr));
			addr->family = q->family;
			memcpy(addr->bytes, a->rrs[i].addr,
			    q->family == 4 ? 4 : 16);
		}
		h->secure &= a->secure;
	} else if (a->status == DNS_TEMP) {
		job->temp = 1;
		strlcpy(job->why, a->why, sizeof(job->why));
	}
	free(q);
	if (--job->waiting == 0)
		mx_addrs_done(job);
}

static void
mx_ask_addr(struct mx_job *job, unsigned host, uint8_t family)
{
	struct mx_addrq	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		fatal("mx");
	q->job = job;
	q->host = host;
	q->family = family;
	job->waiting++;
	dns_ask(job->hosts[host].name, family == 4 ? DNS_A : DNS_AAAA, mx_addr,
	    q);
}

static void
mx_ask_addrs(struct mx_job *job)
{
	unsigned	 i;

	for (i = 0; i < job->nhosts; i++) {
		job->hosts[i].secure = 1;
		mx_ask_addr(job, i, 6);
		mx_ask_addr(job, i, 4);
	}
}

static void
mx_add_host(struct mx_job *job, const char *name, uint16_t preference)
{
	struct mx_host	*h = &job->hosts[job->nhosts++];

	strlcpy(h->name, name, sizeof(h->name));
	h->preference = preference;
}

static int
mx_cmp(const void *a, const void *b)
{
	const struct dnspkt_rr	*x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	/* The random number that mx_sort left. */
	return x->ttl < y->ttl ? -1 : x->ttl > y->ttl;
}

/*
 * By preference, at random among equals; from where we stand ourselves on,
 * they would send it back (RFC 5321 5.1).  How many remain; *cut: some not.
 */
static size_t
mx_sort(const struct mx_job *job, struct dnspkt_rr *rrs, size_t n, int *cut)
{
	size_t	 i, j;

	for (i = 0; i < n; i++)
		rrs[i].ttl = arc4random();
	qsort(rrs, n, sizeof(*rrs), mx_cmp);
	*cut = 0;
	for (i = 0; i < n; i++) {
		if (strcasecmp(rrs[i].name, job->ourselves) != 0)
			continue;
		*cut = 1;
		for (j = 0; j < n; j++)
			if (rrs[j].preference == rrs[i].preference)
				return j;
	}
	return n;
}

static void
mx_hosts(const struct dns_answer *a, struct mx_job *job)
{
	struct dnspkt_rr	 rrs[DNSPKT_RRS];
	size_t			 i, n = a->n;
	int			 cut;

	/* RFC 7505: one record that names the root */
	if (n == 1 && a->rrs[0].name[0] == '\0') {
		mx_end(job, MX_NULL, "domain does not accept mail");
		return;
	}
	memcpy(rrs, a->rrs, n * sizeof(*rrs));
	n = mx_sort(job, rrs, n, &cut);
	for (i = 0; i < n && job->nhosts < MX_HOSTS; i++)
		if (rrs[i].name[0] != '\0')
			mx_add_host(job, rrs[i].name, rrs[i].preference);
	if (job->nhosts > 0)
		mx_ask_addrs(job);
	else
		mx_end(job, MX_NONE, cut ? "mail for it loops back to us" :
		    "its mail host has no name");
}

static void
mx_records(const struct dns_answer *a, void *arg)
{
	struct mx_job	*job = arg;

	job->secure = (uint8_t)a->secure;
	switch (a->status) {
	case DNS_OK:
		mx_hosts(a, job);
		break;
	case DNS_NODATA:
		/* The domain itself is the host (RFC 5321 5.1); name is in
		 * hosts[0] since mx_ask. */
		job->nhosts = 1;
		if (strcasecmp(job->hosts[0].name, job->ourselves) == 0)
			mx_end(job, MX_NONE, "mail for it loops back to us");
		else
			mx_ask_addrs(job);
		break;
	case DNS_NXDOMAIN:
		mx_end(job, MX_NONE, "no such domain");
		break;
	case DNS_TEMP:
		mx_end(job, MX_TEMP, a->why);
		break;
	}
}

/* 192.0.2.1, [192.0.2.1] or [IPv6:2001:db8::1]; -1: it is a name. */
static int
mx_literal(struct mx_job *job, const char *name, int host_only)
{
	struct mx_host	*h = &job->hosts[0];
	char		 text[ADDR_STRLEN];
	size_t		 len = strlen(name);

	if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
		name++;
		len -= 2;
		if (len > 5 && strncasecmp(name, "IPv6:", 5) == 0) {
			name += 5;
			len -= 5;
		}
	} else if (!host_only)
		return -1;
	if (len >= sizeof(text))
		return -1;
	memcpy(text, name, len);
	text[len] = '\0';
	if (addr_parse(&h->addrs[0], text) == -1 || h->addrs[0].family == 0)
		return -1;
	strlcpy(h->name, text, sizeof(h->name));
	h->naddrs = 1;
	job->nhosts = 1;
	return 0;
}

void
mx_ask(const char *name, int host_only, const char *ourselves, mx_cb cb,
    void *arg)
{
	struct mx_job	*job;
	char		 canon[TADDR_DOMAIN + 1];

	if ((job = calloc(1, sizeof(*job))) == NULL)
		fatal("mx");
	job->cb = cb;
	job->arg = arg;
	if (ourselves != NULL)
		strlcpy(job->ourselves, ourselves, sizeof(job->ourselves));
	if (mx_literal(job, name, host_only) == 0) {
		mx_end(job, MX_OK, "");
		return;
	}
	if (taddr_domain(canon, name, strlen(name)) == -1) {
		mx_end(job, MX_NONE, "not a domain name");
		return;
	}
	if (host_only) {
		job->secure = 1;
		mx_add_host(job, canon, 0);
		mx_ask_addrs(job);
		return;
	}
	strlcpy(job->hosts[0].name, canon, sizeof(job->hosts[0].name));
	dns_ask(canon, DNS_MX, mx_records, job);
}
