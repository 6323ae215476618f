/*
 * The configuration: what maild.conf(5) says, checked and with defaults
 * filled in.  parse.y fills the tree, conf.c checks, prints and sends it; a
 * child gets only the parts that its role needs.
 */
#ifndef CONF_H
#define CONF_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "libutil/addr.h"
#include "msg.h"

struct ibuf;

enum conf_listen_kind {
	LISTEN_SMTP,		/* 25: STARTTLS */
	LISTEN_SUBMISSION,	/* 587: STARTTLS, AUTH required */
	LISTEN_SUBMISSIONS,	/* 465: TLS at once, AUTH required */
	LISTEN_LMTP,		/* local socket */
	LISTEN_LOCAL,		/* local socket for sendmail(8) */
	LISTEN_IMAP,		/* 143 */
	LISTEN_IMAPS,		/* 993 */
	LISTEN_POP3,		/* 110 */
	LISTEN_POP3S,		/* 995 */
	LISTEN_CONTROL,		/* local socket for mailctl(8): control */
	LISTEN_KINDS
};

enum conf_table { TABLE_DOMAINS, TABLE_ALIASES, TABLE_ACCOUNTS, TABLE_SECRETS };
enum conf_key { KEY_TLS, KEY_DKIM };

/* Where it was written, for errors; file is an index into conf.files. */
struct conf_pos {
	uint32_t	file;
	uint32_t	line;		/* 0: nowhere, a default */
};

struct conf_listen {
	TAILQ_ENTRY(conf_listen) entry;
	struct conf_pos	 pos;
	uint32_t	 index;		/* the n of M_CONF_LISTEN */
	enum conf_listen_kind kind;
	struct addr	 addr;		/* family 0: path */
	char		*path;
	char		*tag;		/* as written, to print */
	int		 fd;		/* parent only */
};

struct conf_cert {
	TAILQ_ENTRY(conf_cert) entry;
	struct conf_pos	 pos;
	char		*name;
	char		*certfile;
	char		*keyfile;
	uint8_t		*pem;		/* the chain, public */
	size_t		 pemlen;
	uint8_t		 pubhash[32];	/* SHA-256 of SubjectPublicKeyInfo */
};

struct conf_dkim {
	TAILQ_ENTRY(conf_dkim) entry;
	struct conf_pos	 pos;
	char		*domain;
	char		*selector;
	uint8_t		 ed25519;
	char		*keyfile;
};

struct conf_net {
	TAILQ_ENTRY(conf_net) entry;
	struct conf_pos	 pos;
	struct addrnet	 net;
};

#define CONF_CA_MAX	65536	/* bytes of a route's certificates */

/* Where mail for elsewhere goes; the first that matches. */
struct conf_route {
	TAILQ_ENTRY(conf_route) entry;
	struct conf_pos	 pos;
	char		*domain;	/* "*" or a domain, ".d": below it */
	char		*host;		/* NULL: by MX */
	uint16_t	 port;
	uint8_t		 implicit_tls;
	uint8_t		 require_tls;
	char		*user;		/* AUTH, or NULL */
	char		*password;	/* relay only */
	char		*password_file;	/* what it was read from */
	char		*ca;		/* relay only: PEM, or the system's */
	char		*ca_file;
};

/* 0 is no limit, but for message_size, recipients and the timeouts. */
struct conf_limits {
	uint64_t	message_size;
	uint32_t	sessions;		/* of each worker kind in all */
	uint32_t	sessions_per_address;	/* not of our own or trusted */
	uint32_t	connections_per_minute;	/* the same, of one address */
	uint32_t	sessions_per_account;
	uint32_t	recipients;		/* in a transaction */
	uint32_t	messages_per_session;
	uint32_t	errors;			/* bad commands, then 421 */
	uint32_t	auth_failures;		/* in a session, then closed */
	uint32_t	smtp_timeout;		/* seconds */
	uint32_t	imap_messages;
	uint32_t	imap_save;
	uint32_t	imap_progress;		/* seconds */
	uint32_t	imap_timeout;		/* at least 1800 */
	uint32_t	pop3_timeout;		/* at least 600 */
	uint32_t	pop3_login_delay;	/* of an account, seconds */
	uint32_t	relay_connections;	/* to one domain */
	uint64_t	disk_reserve;		/* bytes */
	uint32_t	inode_reserve;
};

/* Is one more over the limit?  0 is no limit. */
static inline int
conf_over(uint64_t have, uint64_t limit)
{
	return limit != 0 && have >= limit;
}

struct conf {
	uint32_t	 generation;
	char		*hostname;
	char		*file;		/* that it was read from */
	char		*prefix;	/* -P, or NULL */
	char		*dir_store;
	char		*dir_spool;
	char		*dir_dkim;
	char		*path_control;
	char		*file_domains;
	char		*file_accounts;
	char		*file_aliases;
	char		*postmaster;	/* account or address for local mail */
	TAILQ_HEAD(, conf_listen) listens;
	TAILQ_HEAD(, conf_cert) certs;
	TAILQ_HEAD(, conf_dkim) dkims;
	TAILQ_HEAD(, conf_net) trusted;		/* may relay */
	TAILQ_HEAD(, conf_route) routes;
	struct conf_limits limits;
	uint64_t	 quota_bytes;	/* default of an account, 0 none */
	uint64_t	 quota_messages;
	uint32_t	 queue_lifetime;	/* seconds */
	uint32_t	 queue_warn;		/* delayed DSN after, 0 never */
	uint32_t	 trace_lifetime;
	unsigned	 nproc[PROC_MAX];	/* instances */
	char		 subaddress;		/* '+', or 0 */
	uint8_t		 sandbox_optional;
	uint8_t		 plain_auth_cleartext;	/* AUTH before TLS: loopback */
	uint8_t		 verbose;
	uint8_t		 ticket_key[48];	/* made at start, workers */
	uint32_t	 ticket_rev;
	char		*dns_server;	/* forward here; "" : system's */
	uint16_t	 dns_port;
	uint16_t	 smtp_port;	/* where MX hosts listen: 25; tests */
	uint8_t		 dns_insecure;	/* no DNSSEC validation: tests */
	/* children: packed tables that came with it, see libtable */
	struct {
		const uint8_t	*data;
		size_t		 len;
	}		 tables[4];	/* by enum conf_table */
	/* parent: the files that were read, the first is `file' */
	char		**files;
	unsigned	 nfiles;
	struct conf_pos	 pos_hostname;
};

/*
 * Read the file (parse.y).  macros are `name=value' (-D).  NULL: errors were
 * reported.
 */
struct conf	*conf_parse(const char *file, const char *prefix,
		    char *const *macros, size_t nmacros);
/*
 * Defaults, then everything that can be wrong with it; reads certificates,
 * password files and the names of DKIM keys.  -1: errors were reported.
 */
int		 conf_check(struct conf *);
/* What was understood, in the file's own grammar (maild -nv). */
void		 conf_print(const struct conf *, int fd);
void		 conf_free(struct conf *);

/* What that role needs, as bytes; and back.  -1/NULL: not well formed. */
int		 conf_encode(const struct conf *, enum proc_id, struct ibuf *);
struct conf	*conf_decode(const void *, size_t);
int		 conf_port(enum conf_listen_kind);	/* the usual one */
const char	*conf_kind_name(enum conf_listen_kind);

#endif
