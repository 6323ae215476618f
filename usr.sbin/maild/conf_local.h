/*
 * What parse.y and the conf*.c share: the parent's side of the configuration.
 */
#ifndef CONF_LOCAL_H
#define CONF_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/* conf.c: with the defaults of all that is a number */
struct conf	*conf_new(void);
/* The file's number for a conf_pos. */
uint32_t	 conf_add_file(struct conf *, const char *);
struct conf_listen *conf_add_listen(struct conf *, struct conf_pos,
		    enum conf_listen_kind);
/* A malloced copy; fatal when memory is short. */
char		*conf_strdup(const char *);
/* A path relative to the directory of that file; fatal as above. */
char		*conf_path(const struct conf *, uint32_t file, const char *);
int		 conf_kind(const char *);	/* -1: no such listener */
/* "*" and "localhost": one of two, an IPv4 and an IPv6 address. */
int		 conf_listen_both(const struct conf_listen *);

/*
 * `file:line: word: message', to the hook, else to the log.  The first since
 * conf_error_reset is kept for who asks.
 */
void		 conf_error(const struct conf *, struct conf_pos,
		    const char *word, const char *fmt, ...)
		    __attribute__((__format__ (printf, 4, 5)));
void		 conf_error_line(const char *file, unsigned line,
		    const char *word, const char *text);
void		 conf_warning(const struct conf *, struct conf_pos,
		    const char *word, const char *fmt, ...)
		    __attribute__((__format__ (printf, 4, 5)));
void		 conf_error_hook(void (*)(const char *line));
void		 conf_error_reset(void);
const char	*conf_error_first(void);	/* "" when there was none */

/* conf_limits.c: the members of `limits', by name */
enum unit { UNIT_COUNT, UNIT_SIZE, UNIT_TIME };
struct conf_limit {
	const char	*name;
	enum unit	 unit;
	size_t		 off;		/* in struct conf_limits */
	size_t		 size;		/* 4 or 8 */
	uint64_t	 min;
	uint64_t	 max;
	uint64_t	 dflt;
};
extern const struct conf_limit conf_limit_table[];	/* ends with no name */
const struct conf_limit *conf_limit_find(const char *name);
uint64_t	 conf_limit_get(const struct conf *,
		    const struct conf_limit *);
void		 conf_limit_set(struct conf *, const struct conf_limit *,
		    uint64_t);
/* "35M", "4d", "1h30m", "1000"; NULL or what is wrong. */
const char	*unit_parse(enum unit, const char *, uint64_t min,
		    uint64_t max, uint64_t *);
const char	*unit_print(enum unit, uint64_t, char *dst, size_t size);
#define UNIT_LEN	24

/* conf_cert.c: the public half; -1: reported. */
int		 conf_cert_load(struct conf *, struct conf_cert *);
/*
 * conf_key.c: a process of a moment opens the private keys and says of each
 * what it is, so that no byte of one is ever in this one.  Afterwards the
 * certificates match their keys and the DKIM keys have their algorithm.
 */
int		 conf_keys_check(struct conf *);
/* conf_dkim.c: the keys in dir_dkim, named DOMAIN.SELECTOR.key. */
int		 conf_dkim_find(struct conf *);
/* Well-formed, and in lower case from then on; fqdn: with a dot. */
int		 conf_domain(char *, int fqdn);

/* conf_tables.c: domains, accounts, aliases, packed; by enum conf_table. */
struct conf_packed {
	uint8_t		*data;
	size_t		 len;
};
int		 conf_tables_load(const struct conf *,
		    struct conf_packed packed[4]);
void		 conf_tables_free(struct conf_packed packed[4]);

#endif
