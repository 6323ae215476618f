#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "libutil/log.h"
#include "proc.h"
#include "trace.h"
#include "turn.h"

static int64_t	 keep = 30 * 86400;

void
trace_conf(const struct conf *c)
{
	keep = c->trace_lifetime;
}

/* What another server said, to stand in quotes at the end of a line. */
static void
quote_text(char *dst, size_t size, const char *src)
{
	size_t	 i;

	for (i = 0; src[i] != '\0' && i < size - 1; i++)
		dst[i] = (unsigned char)src[i] < ' ' || src[i] == '"' ||
		    (unsigned char)src[i] > '~' ? '?' : src[i];
	dst[i] = '\0';
}

/* Addresses are looked up in lower case. */
static void
add(uint64_t id, const char *address, const char *line)
{
	char		 lower[MSG_ADDRESS + 1];
	struct spool	*spool;
	size_t		 i;

	if (keep == 0 || (spool = turn_begin()) == NULL)
		return;
	for (i = 0; address[i] != '\0' && i < sizeof(lower) - 1; i++)
		lower[i] = tolower((unsigned char)address[i]);
	lower[i] = '\0';
	if (spool_trace_add(spool, id, span_of(i == 0 ? NULL : lower),
	    span_of(line), keep) != SPOOL_OK)
		log_debug("trace: not kept");
}

void
trace_accepted(const struct envelope *e, const char *how)
{
	char	 id[PROC_IDLEN], from[400], line[1024];

	proc_print_id(e->id, id);
	log_quote(from, sizeof(from), e->sender, strlen(e->sender));
	snprintf(line, sizeof(line), "from=<%s> size=%llu nrcpt=%zu %s", from,
	    (unsigned long long)e->size, e->nrcpts, how);
	log_info("id=%s %s", id, line);
	add(e->id, e->sender, line);
}

void
trace_dst(const struct envelope *e, const struct destination *d,
    const char *what)
{
	char	 id[PROC_IDLEN], to[400], text[400], host[300], line[1536];
	char	 orig[400];
	int	 n;

	proc_print_id(e->id, id);
	log_quote(to, sizeof(to), d->address, strlen(d->address));
	quote_text(text, sizeof(text), d->text);
	log_quote(host, sizeof(host), d->host, strlen(d->host));
	n = snprintf(line, sizeof(line), "to=<%s>", to);
	if (d->rcpt < e->nrcpts &&
	    strcmp(e->rcpts[d->rcpt].address, d->address) != 0) {
		log_quote(orig, sizeof(orig), e->rcpts[d->rcpt].address,
		    strlen(e->rcpts[d->rcpt].address));
		n += snprintf(line + n, sizeof(line) - n, " rcpt=<%s>", orig);
	}
	if (host[0] != '\0')
		n += snprintf(line + n, sizeof(line) - n, " %s=%s",
		    d->kind == DST_ACCOUNT ? "mailbox" : "host", host);
	snprintf(line + n, sizeof(line) - n, " result=%s reply=\"%u %s %s\"",
	    what, d->code, d->enhanced, text);
	log_info("id=%s %s", id, line);
	add(e->id, d->rcpt < e->nrcpts ? e->rcpts[d->rcpt].address :
	    d->address, line);
}

void
trace_event(const struct envelope *e, const char *what)
{
	char	 id[PROC_IDLEN];

	proc_print_id(e->id, id);
	log_info("id=%s %s", id, what);
	add(e->id, "", what);
}
