/*
 * The grammar of maild.conf(5).  It builds a tree; what the tree means, and
 * whether it can be so, is conf_check's business.
 */
%{
#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/conf_lex.h"
#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"
#include "proc_local.h"

static struct conf	*conf;
static struct lex	 lex;
static int		 errors;
static struct conf_route *route;	/* the one that is being read */

/* What a syntax error is told of: the words of the statement so far. */
static struct {
	char	 first[64];
	char	 last[64];
	int	 count;
	int	 named;			/* the first is a keyword */
	int	 braces;
}	 said;
static int	 said_newline;
static char	**tokens;		/* of the statement */
static size_t	 ntokens;

static int	 yylex(void);
static int	 yyparse(void);
static void	 yyerror(const char *);
static struct conf_pos here(void);
static void	 bad(const char *, const char *);
static void	 set_string(char **, const char *, const char *);
static void	 set_path(char **, const char *, const char *);
static uint64_t	 number(enum unit, const char *, uint64_t, uint64_t);
static void	 add_include(const char *);
static void	 add_macro(const char *, const char *);
static void	 add_cert(const char *, const char *, const char *);
static void	 add_listen(const char *, const char *, const char *);
static void	 add_socket(const char *, const char *);
static void	 add_trust(const char *);
static void	 add_route(const char *);
static void	 set_limit(const char *, const char *);
static void	 set_processes(const char *, const char *);
static void	 set_table(const char *, const char *);
static void	 set_word(const char *, const char *const *, uint8_t *);

static const char *const words_sandbox[] = { "required", "optional", NULL };
static const char *const words_log[] = { "brief", "verbose", NULL };
static const char *const words_cleartext[] = { "refused", "allowed", NULL };
%}

%union {
	char	*s;
}

%token	ANY AUTH CA CERT CERTIFICATE CLEARTEXT CONTROL DIRECT DIRECTORY DKIM DNS
%token	HOSTNAME INCLUDE INSECURE KEY LIFETIME LIMITS LISTEN LOG MESSAGES ON
%token	PASSWORDFILE PORT POSTMASTER PROCESSES QUEUE QUOTA RELAY REQUIRED
%token	SANDBOX SERVER SMTPPORT SOCKET STARTTLS STORE SUBADDRESS TABLE TLS TO
%token	TRACE TRUST VIA WARN
%token	<s> STRING
%type	<s> port

%%

main		: /* empty */
		| main '\n'
		| main statement '\n'
		| main INCLUDE STRING '\n'	{ add_include($3); }
		| main STRING '=' STRING '\n'	{ add_macro($2, $4); }
		| main error '\n'		{ yyerrok; }
		;

statement	: HOSTNAME STRING {
			conf->pos_hostname = here();
			set_string(&conf->hostname, $2, "hostname");
		}
		| POSTMASTER STRING {
			set_string(&conf->postmaster, $2, "postmaster");
		}
		| CERTIFICATE STRING CERT STRING KEY STRING {
			add_cert($2, $4, $6);
		}
		| LISTEN ON STRING port STRING	{ add_listen($3, $4, $5); }
		| LISTEN ON SOCKET STRING STRING { add_socket($4, $5); }
		| TABLE STRING STRING		{ set_table($2, $3); }
		| STORE DIRECTORY STRING {
			set_path(&conf->dir_store, $3, "store");
		}
		| QUEUE DIRECTORY STRING {
			set_path(&conf->dir_spool, $3, "queue");
		}
		| DKIM DIRECTORY STRING {
			set_path(&conf->dir_dkim, $3, "dkim");
		}
		| CONTROL SOCKET STRING {
			set_path(&conf->path_control, $3, "control");
		}
		| QUEUE LIFETIME STRING {
			conf->queue_lifetime = (uint32_t)number(UNIT_TIME, $3,
			    60, 90 * 86400);
		}
		| QUEUE WARN STRING {
			conf->queue_warn = (uint32_t)number(UNIT_TIME, $3, 0,
			    90 * 86400);
		}
		| TRACE LIFETIME STRING {
			conf->trace_lifetime = (uint32_t)number(UNIT_TIME, $3,
			    0, 3650LL * 86400);
		}
		| TRUST STRING			{ add_trust($2); }
		| RELAY TO ANY {
			add_route("*");
		} routeway
		| RELAY TO STRING {
			add_route($3);
		} routeway
		| LIMITS '{' limitlist '}'
		| QUOTA STRING {
			conf->quota_bytes = number(UNIT_SIZE, $2, 0,
			    UINT64_MAX);
		}
		| QUOTA STRING MESSAGES STRING {
			conf->quota_bytes = number(UNIT_SIZE, $2, 0,
			    UINT64_MAX);
			conf->quota_messages = number(UNIT_COUNT, $4, 0,
			    UINT32_MAX);
		}
		| PROCESSES STRING STRING	{ set_processes($2, $3); }
		| SUBADDRESS STRING {
			if (strcmp($2, "none") == 0)
				conf->subaddress = 0;
			else if (strlen($2) == 1 && strchr("+-=_.#", *$2))
				conf->subaddress = *$2;
			else
				bad($2, "neither \"+\" nor none");
		}
		| SANDBOX STRING {
			set_word($2, words_sandbox, &conf->sandbox_optional);
		}
		| SANDBOX REQUIRED		{ conf->sandbox_optional = 0; }
		| AUTH CLEARTEXT STRING {
			set_word($3, words_cleartext,
			    &conf->plain_auth_cleartext);
		}
		| LOG STRING {
			set_word($2, words_log, &conf->verbose);
		}
		| DNS SERVER STRING port {
			set_string(&conf->dns_server, $3, "dns server");
			conf->dns_port = $4 == NULL ? 53 :
			    (uint16_t)number(UNIT_COUNT, $4, 1, 65535);
		}
		| DNS SERVER STRING port INSECURE {
			set_string(&conf->dns_server, $3, "dns server");
			conf->dns_port = $4 == NULL ? 53 :
			    (uint16_t)number(UNIT_COUNT, $4, 1, 65535);
			conf->dns_insecure = 1;
		}
		| DNS INSECURE			{ conf->dns_insecure = 1; }
		| SMTPPORT STRING {
			conf->smtp_port = (uint16_t)number(UNIT_COUNT, $2, 1,
			    65535);
		}
		;

port		: /* empty */			{ $$ = NULL; }
		| PORT STRING			{ $$ = $2; }
		;

limitlist	: /* empty */
		| limitlist limit
		;

limit		: STRING STRING			{ set_limit($1, $2); }
		| ','
		| '\n'
		;

routeway	: DIRECT
		| VIA STRING {
			route->host = conf_strdup($2);
			route->port = 25;
		} routeopts
		;

routeopts	: /* empty */
		| routeopts routeopt
		;

routeopt	: PORT STRING {
			route->port = (uint16_t)number(UNIT_COUNT, $2, 1,
			    65535);
		}
		| TLS				{ route->implicit_tls = 1; }
		| STARTTLS REQUIRED		{ route->require_tls = 1; }
		| AUTH STRING PASSWORDFILE STRING {
			set_string(&route->user, $2, "auth");
			set_path(&route->password_file, $4, "password-file");
		}
		| CA STRING {
			set_path(&route->ca_file, $2, "ca");
		}
		;

%%

static const struct {
	const char	*name;
	int		 token;
} keywords[] = {		/* sorted */
	{ "any",		ANY },
	{ "auth",		AUTH },
	{ "ca",			CA },
	{ "cert",		CERT },
	{ "certificate",	CERTIFICATE },
	{ "cleartext",		CLEARTEXT },
	{ "control",		CONTROL },
	{ "direct",		DIRECT },
	{ "directory",		DIRECTORY },
	{ "dkim",		DKIM },
	{ "dns",		DNS },
	{ "hostname",		HOSTNAME },
	{ "include",		INCLUDE },
	{ "insecure",		INSECURE },
	{ "key",		KEY },
	{ "lifetime",		LIFETIME },
	{ "limits",		LIMITS },
	{ "listen",		LISTEN },
	{ "log",		LOG },
	{ "messages",		MESSAGES },
	{ "on",			ON },
	{ "password-file",	PASSWORDFILE },
	{ "port",		PORT },
	{ "postmaster",		POSTMASTER },
	{ "processes",		PROCESSES },
	{ "queue",		QUEUE },
	{ "quota",		QUOTA },
	{ "relay",		RELAY },
	{ "required",		REQUIRED },
	{ "sandbox",		SANDBOX },
	{ "server",		SERVER },
	{ "smtp-port",		SMTPPORT },
	{ "socket",		SOCKET },
	{ "starttls",		STARTTLS },
	{ "store",		STORE },
	{ "subaddress",		SUBADDRESS },
	{ "table",		TABLE },
	{ "tls",		TLS },
	{ "to",			TO },
	{ "trace",		TRACE },
	{ "trust",		TRUST },
	{ "via",		VIA },
	{ "warn",		WARN },
};

static int
keyword_cmp(const void *name, const void *kw)
{
	return strcmp(name, *(const char *const *)kw);
}

/*
 * A word lives as long as its statement, whether that is understood or not;
 * who keeps it makes a copy.
 */
static char *
token_new(const char *word)
{
	tokens = reallocarray(tokens, ntokens + 1, sizeof(tokens[0]));
	if (tokens == NULL)
		fatal("reallocarray");
	return tokens[ntokens++] = conf_strdup(word);
}

static void
tokens_free(void)
{
	while (ntokens > 0)
		free(tokens[--ntokens]);
	free(tokens);
	tokens = NULL;
}

static int
lex_token(void)
{
	const void	*kw;
	size_t		 i;

	switch (lex_next(&lex)) {
	case LEX_END:
		return 0;
	case LEX_NEWLINE:
		return '\n';
	case LEX_PUNCT:
		return lex.word[0];
	case LEX_ERROR:
		bad(lex.word, lex.error);
		/* The statement is not understood any more, the next may be. */
		yylval.s = token_new("");
		return STRING;
	case LEX_QUOTED:
		break;
	case LEX_STRING:
		kw = bsearch(lex.word, keywords, sizeof(keywords) /
		    sizeof(keywords[0]), sizeof(keywords[0]), keyword_cmp);
		if (kw == NULL)
			break;
		i = (size_t)((const char *)kw - (const char *)keywords);
		return keywords[i / sizeof(keywords[0])].token;
	}
	yylval.s = token_new(lex.word);
	return STRING;
}

/* A macro may have the name of a keyword: `port = 25'. */
static int
is_assigned(void)
{
	const struct lex_file	*f;
	size_t			 i;

	if (lex.depth == 0)
		return 0;
	f = &lex.stack[lex.depth - 1];
	i = f->at;
	while (i < f->len && (f->text[i] == ' ' || f->text[i] == '\t'))
		i++;
	return i < f->len && f->text[i] == '=';
}

static int
yylex(void)
{
	int	 token;

	/* After the newline, so that an error at it still knows the line. */
	if (said_newline && said.braces == 0) {
		memset(&said, 0, sizeof(said));
		lex.error = NULL;
		tokens_free();
	}
	if (lex.word[0] != '\0')
		strlcpy(said.last, lex.word, sizeof(said.last));
	token = lex_token();
	if (said.count == 0 && token > 255 && token != STRING &&
	    is_assigned()) {
		yylval.s = token_new(lex.word);
		token = STRING;
	}
	said_newline = token == '\n';
	said.braces += token == '{' ? 1 : token == '}' ? -1 : 0;
	if (said.count++ == 0) {
		strlcpy(said.first, lex.word, sizeof(said.first));
		said.named = token != STRING;
	}
	return token;
}

static struct conf_pos
here(void)
{
	return (struct conf_pos){ .file = lex.file, .line = lex.line };
}

static void
bad(const char *word, const char *text)
{
	errors++;
	/* Not about what is missing where the lexer saw nonsense. */
	if (lex.error != NULL && text != lex.error)
		return;
	conf_error(conf, here(), word, "%s", text);
}

static void
yyerror(const char *msg)
{
	int	 eol = said_newline || lex.depth == 0;

	/* What the lexer has complained about needs no second complaint. */
	if (lex.error != NULL)
		errors++;
	else if (strcmp(msg, "syntax error") != 0)
		bad(lex.word, msg);
	else if (!said.named && said.braces == 0)
		bad(said.first, "no such statement");
	else if (eol)
		bad(said.last, "something is missing after it");
	else
		bad(lex.word, "not expected here");
	lex.error = NULL;
	said.braces = 0;
}

static void
set_string(char **where, const char *value, const char *what)
{
	if (*where != NULL) {
		bad(value, "given a second time");
		return;
	}
	if (value[0] == '\0')
		bad(what, "empty");
	*where = conf_strdup(value);
}

static void
set_path(char **where, const char *value, const char *what)
{
	char	*full = conf_path(conf, lex.file, value);

	if (value[0] == '\0')
		bad(what, "empty");
	else
		set_string(where, full, what);
	free(full);
}

static uint64_t
number(enum unit unit, const char *value, uint64_t min, uint64_t max)
{
	const char	*why;
	uint64_t	 n = min;

	if (strcmp(value, "never") == 0 || strcmp(value, "none") == 0)
		why = min > 0 ? "not allowed here" : NULL;
	else
		why = unit_parse(unit, value, min, max, &n);
	if (why != NULL)
		bad(value, why);
	return n;
}

/* After the newline: the next token is the first of the file. */
static void
add_include(const char *path)
{
	char		*full = conf_path(conf, lex.file, path);
	const char	*why;

	if ((why = lex_push(&lex, full, conf_add_file(conf, full))) != NULL)
		bad(full, why);
	free(full);
}

static void
add_macro(const char *name, const char *value)
{
	size_t	 n = strlen(name);

	if (n == 0 || n > 64 || strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != n)
		bad(name, "not a name for a macro");
	else if (lex_macro_set(&lex, name, value, 0) == -1)
		fatal("macro");
}

static void
add_cert(const char *name, const char *cert, const char *key)
{
	struct conf_cert	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("calloc");
	c->pos = here();
	c->name = conf_strdup(name);
	c->certfile = conf_path(conf, lex.file, cert);
	c->keyfile = conf_path(conf, lex.file, key);
	TAILQ_INSERT_TAIL(&conf->certs, c, entry);
}

static void
add_address(const char *text, const char *tag, enum conf_listen_kind kind,
    uint16_t port)
{
	struct conf_listen	*l;
	struct addr		 addr;

	if (addr_parse(&addr, text) == -1 || addr.family == 0) {
		bad(text, "neither an address nor \"*\"");
		return;
	}
	l = conf_add_listen(conf, here(), kind);
	l->addr = addr;
	l->addr.port = port;
	l->tag = conf_strdup(tag);
}

static void
add_listen(const char *where, const char *port, const char *word)
{
	int		 kind = conf_kind(word);
	uint16_t	 n;

	if (kind == -1) {
		bad(word, "not one of smtp, submission, submissions, imap, "
		    "imaps, pop3, pop3s");
		n = 0;
	} else if (conf_port(kind) == 0) {
		bad(word, "only on a socket");
		kind = -1;
	} else if (port == NULL)
		n = (uint16_t)conf_port(kind);
	else
		n = (uint16_t)number(UNIT_COUNT, port, 1, 65535);
	if (kind == -1)
		;
	else if (strcmp(where, "*") == 0) {
		add_address("0.0.0.0", "*", kind, n);
		add_address("::", "*", kind, n);
	} else if (strcmp(where, "localhost") == 0) {
		add_address("127.0.0.1", where, kind, n);
		add_address("::1", where, kind, n);
	} else
		add_address(where, where, kind, n);
}

static void
add_socket(const char *path, const char *word)
{
	int	 kind = conf_kind(word);

	if (kind != LISTEN_LMTP && kind != LISTEN_LOCAL &&
	    kind != LISTEN_IMAP)
		bad(word, "not one of lmtp, local, imap");
	else
		conf_add_listen(conf, here(), kind)->path =
		    conf_path(conf, lex.file, path);
}

static void
add_trust(const char *text)
{
	struct conf_net	*n;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		fatal("calloc");
	n->pos = here();
	if (addrnet_parse(&n->net, text) == -1) {
		bad(text, "not a network, as 192.0.2.0/24 is");
		free(n);
	} else
		TAILQ_INSERT_TAIL(&conf->trusted, n, entry);
}

static void
add_route(const char *domain)
{
	if ((route = calloc(1, sizeof(*route))) == NULL)
		fatal("calloc");
	route->pos = here();
	route->domain = conf_strdup(domain);
	TAILQ_INSERT_TAIL(&conf->routes, route, entry);
}

static void
set_limit(const char *name, const char *value)
{
	const struct conf_limit	*l = conf_limit_find(name);

	if (l == NULL)
		bad(name, "no such limit");
	else
		conf_limit_set(conf, l, number(l->unit, value, l->min,
		    l->max));
}

static void
set_processes(const char *name, const char *value)
{
	unsigned	 n = (unsigned)number(UNIT_COUNT, value, 1,
			    PROC_INSTS);

	if (strcmp(name, "smtp") == 0)
		conf->nproc[PROC_SMTP] = n;
	else if (strcmp(name, "imap") == 0)
		conf->nproc[PROC_IMAP] = n;
	else if (strcmp(name, "scan") == 0)
		conf->nproc[PROC_SCAN] = n;
	else
		bad(name, "not one of smtp, imap, scan");
}

static void
set_table(const char *name, const char *path)
{
	if (strcmp(name, "domains") == 0)
		set_path(&conf->file_domains, path, name);
	else if (strcmp(name, "accounts") == 0)
		set_path(&conf->file_accounts, path, name);
	else if (strcmp(name, "aliases") == 0)
		set_path(&conf->file_aliases, path, name);
	else
		bad(name, "not one of domains, accounts, aliases");
}

/* One of two words: the value is its number. */
static void
set_word(const char *word, const char *const *words, uint8_t *value)
{
	char	 text[64];
	int	 i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0) {
			*value = (uint8_t)i;
			return;
		}
	snprintf(text, sizeof(text), "neither %s nor %s", words[0], words[1]);
	bad(word, text);
}

static void
set_macros(char *const *macros, size_t n)
{
	char	*name, *value;
	size_t	 i;

	for (i = 0; i < n; i++) {
		name = conf_strdup(macros[i]);
		if ((value = strchr(name, '=')) == NULL || value == name)
			fatalx("%s: not name=value", name);
		*value++ = '\0';
		if (lex_macro_set(&lex, name, value, 1) == -1)
			fatal("macro");
		free(name);
	}
}

struct conf *
conf_parse(const char *file, const char *prefix, char *const *macros,
    size_t nmacros)
{
	struct conf	*done;
	const char	*why;

	conf = conf_new();
	conf->file = conf_strdup(file);
	if (prefix != NULL)
		conf->prefix = conf_strdup(prefix);
	errors = 0;
	memset(&lex, 0, sizeof(lex));
	memset(&said, 0, sizeof(said));
	said_newline = 0;
	set_macros(macros, nmacros);
	if ((why = lex_push(&lex, file, conf_add_file(conf, file))) != NULL) {
		errors++;
		conf_error_line(file, 0, "", why);
	} else if (yyparse() != 0)
		errors++;
	tokens_free();
	lex_free(&lex);
	done = conf;
	conf = NULL;
	if (errors > 0) {
		conf_free(done);
		return NULL;
	}
	return done;
}
