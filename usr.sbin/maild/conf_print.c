/* What was understood, such that it parses to the same. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"

static void
print_quoted(FILE *fp, const char *s)
{
	fputc('"', fp);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', fp);
		fputc(*s, fp);
	}
	fputc('"', fp);
}

/* A statement of words and one string. */
static void
print_string(FILE *fp, const char *words, const char *s)
{
	if (s == NULL)
		return;
	fprintf(fp, "%s ", words);
	print_quoted(fp, s);
	fputc('\n', fp);
}

static void
print_listen(FILE *fp, const struct conf_listen *l)
{
	char	 text[ADDR_STRLEN];

	if (l->kind == LISTEN_CONTROL)
		return;
	fputs("listen on ", fp);
	if (l->path != NULL) {
		fputs("socket ", fp);
		print_quoted(fp, l->path);
	} else {
		/* "*" and "localhost" stand for two addresses. */
		fputs(conf_listen_both(l) ? l->tag :
		    addr_print(&l->addr, text, sizeof(text)), fp);
		fprintf(fp, " port %u", l->addr.port);
	}
	fprintf(fp, " %s\n", conf_kind_name(l->kind));
}

static void
print_route(FILE *fp, const struct conf_route *r)
{
	fputs("relay to ", fp);
	if (strcmp(r->domain, "*") == 0)
		fputs("any", fp);
	else
		print_quoted(fp, r->domain);
	if (r->host == NULL) {
		fputs(" direct\n", fp);
		return;
	}
	fputs(" via ", fp);
	print_quoted(fp, r->host);
	fprintf(fp, " port %u", r->port);
	if (r->implicit_tls)
		fputs(" tls", fp);
	if (r->require_tls)
		fputs(" starttls required", fp);
	if (r->user != NULL) {
		fputs(" auth ", fp);
		print_quoted(fp, r->user);
		fputs(" password-file ", fp);
		print_quoted(fp, r->password_file);
	}
	if (r->ca_file != NULL) {
		fputs(" ca ", fp);
		print_quoted(fp, r->ca_file);
	}
	fputc('\n', fp);
}

static void
print_lists(FILE *fp, const struct conf *conf)
{
	const struct conf_listen	*l;
	const struct conf_cert		*c;
	const struct conf_net		*n;
	const struct conf_route		*r;
	char				 text[ADDR_STRLEN];

	TAILQ_FOREACH(c, &conf->certs, entry) {
		fputs("certificate ", fp);
		print_quoted(fp, c->name);
		fputs(" cert ", fp);
		print_quoted(fp, c->certfile);
		fputs(" key ", fp);
		print_quoted(fp, c->keyfile);
		fputc('\n', fp);
	}
	TAILQ_FOREACH(l, &conf->listens, entry)
		if (!conf_listen_both(l) || l->addr.family == 4)
			print_listen(fp, l);
	TAILQ_FOREACH(n, &conf->trusted, entry) {
		addr_print(&n->net.addr, text, sizeof(text));
		if (n->net.addr.family == 0)
			fprintf(fp, "trust %s\n", text);
		else
			fprintf(fp, "trust %s/%u\n", text, n->net.bits);
	}
	TAILQ_FOREACH(r, &conf->routes, entry)
		print_route(fp, r);
}

static void
print_numbers(FILE *fp, const struct conf *conf)
{
	const struct conf_limit	*l;
	char			 u[UNIT_LEN];

	fprintf(fp, "queue lifetime %s\n", unit_print(UNIT_TIME,
	    conf->queue_lifetime, u, sizeof(u)));
	fprintf(fp, "queue warn %s\n", conf->queue_warn == 0 ? "never" :
	    unit_print(UNIT_TIME, conf->queue_warn, u, sizeof(u)));
	fprintf(fp, "trace lifetime %s\n", unit_print(UNIT_TIME,
	    conf->trace_lifetime, u, sizeof(u)));
	fprintf(fp, "quota %s", conf->quota_bytes == 0 ? "none" :
	    unit_print(UNIT_SIZE, conf->quota_bytes, u, sizeof(u)));
	if (conf->quota_messages == 0)
		fputs(" messages none\n", fp);
	else
		fprintf(fp, " messages %s\n", unit_print(UNIT_COUNT,
		    conf->quota_messages, u, sizeof(u)));
	fprintf(fp, "processes smtp %u\nprocesses imap %u\n"
	    "processes scan %u\n", conf->nproc[PROC_SMTP],
	    conf->nproc[PROC_IMAP], conf->nproc[PROC_SCAN]);
	fputs("limits {\n", fp);
	for (l = conf_limit_table; l->name != NULL; l++)
		fprintf(fp, "\t%s %s\n", l->name, unit_print(l->unit,
		    conf_limit_get(conf, l), u, sizeof(u)));
	fputs("}\n", fp);
}

static void
print_dns(FILE *fp, const struct conf *conf)
{
	if (conf->dns_server[0] != '\0')
		fprintf(fp, "dns server %s port %u%s\n", conf->dns_server,
		    conf->dns_port, conf->dns_insecure ? " insecure" : "");
	else if (conf->dns_insecure)
		fputs("dns insecure\n", fp);
	if (conf->smtp_port != 25)
		fprintf(fp, "smtp-port %u\n", conf->smtp_port);
}

void
conf_print(const struct conf *conf, int fd)
{
	FILE	*fp;
	int	 copy;

	if ((copy = dup(fd)) == -1 || (fp = fdopen(copy, "w")) == NULL)
		fatal("conf_print");
	print_string(fp, "hostname", conf->hostname);
	print_string(fp, "postmaster", conf->postmaster);
	print_lists(fp, conf);
	print_string(fp, "table domains", conf->file_domains);
	print_string(fp, "table accounts", conf->file_accounts);
	print_string(fp, "table aliases", conf->file_aliases);
	print_string(fp, "store directory", conf->dir_store);
	print_string(fp, "queue directory", conf->dir_spool);
	print_string(fp, "dkim directory", conf->dir_dkim);
	print_string(fp, "control socket", conf->path_control);
	print_numbers(fp, conf);
	if (conf->subaddress == 0)
		fputs("subaddress none\n", fp);
	else
		fprintf(fp, "subaddress \"%c\"\n", conf->subaddress);
	fprintf(fp, "sandbox %s\n",
	    conf->sandbox_optional ? "optional" : "required");
	fprintf(fp, "auth cleartext %s\n",
	    conf->plain_auth_cleartext ? "allowed" : "refused");
	fprintf(fp, "log %s\n", conf->verbose ? "verbose" : "brief");
	print_dns(fp, conf);
	if (fclose(fp) == EOF)
		log_warn("conf_print");
}
