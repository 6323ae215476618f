/*
 * What the load generators share: connections (plain or TLS) that never block
 * on one libevent loop, lines out of them, and figures.  They are not part of
 * maild and share no code with it, so that one does not hide the other's
 * faults.
 */
#ifndef LOAD_H
#define LOAD_H

#include <sys/types.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stddef.h>
#include <stdint.h>

enum load_tls {
	LOAD_PLAIN,
	LOAD_STARTTLS,
	LOAD_TLS
};

struct lconn {
	int		 fd;		/* -1: closed */
	struct ssl_st	*tls;
	int		 shaking;	/* the TLS handshake goes on */
	int		 connecting;
	int		 deaf;		/* no line callbacks after close */
	struct event	 rd;
	struct event	 wr;
	char		*in;		/* the part of a line that is there */
	size_t		 inlen;
	size_t		 insize;
	uint64_t	 skip;		/* octets of a literal to come */
	int		 literals;	/* lines may end in {n} */
	char		*out;
	size_t		 outoff;
	size_t		 outlen;
	size_t		 outsize;
	uint64_t	 nread;		/* octets so far */
	/* Connected, with TLS when that was asked for. */
	void		(*up)(struct lconn *);
	/* A line without its end; it may be changed, and c closed. */
	void		(*line)(struct lconn *, char *, size_t);
	/* The other side closed, or an error; c is closed already. */
	void		(*down)(struct lconn *, const char *);
	void		*arg;
};

extern struct event_base	*load_base;

/* Event loop, descriptors as many as there may be, SIGPIPE ignored. */
void	 load_init(void);
/* Seconds and microseconds of the clock that only runs forward. */
double	 load_now(void);
uint64_t load_usec(void);

/* Where to connect to: "127.0.0.1:2525", "[::1]:25" or a socket's path. */
void	 load_target(const char *);
/* Connections come from this many addresses 127.0.0.1 and on (0: any). */
void	 load_sources(unsigned int);
/* Begin to connect; -1 when that is not possible now. */
int	 load_connect(struct lconn *, enum load_tls);
void	 load_starttls(struct lconn *);
/* TLS sessions are resumed from now on, when the server lets us. */
void	 load_resume(void);
/* How many handshakes were resumptions. */
uint64_t load_resumed(void);
void	 load_write(struct lconn *, const void *, size_t);
void	 load_printf(struct lconn *, const char *, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
void	 load_close(struct lconn *);

/* Times of events in microseconds, and what is printed about them. */
struct lat {
	uint32_t	*us;
	size_t		 n;
	size_t		 size;
};
void	 lat_add(struct lat *, uint64_t);
/* " p50_us=... p95_us=... p99_us=... max_us=..." */
void	 lat_print(struct lat *);
uint32_t lat_at(struct lat *, double);

/*
 * Text of about size octets, the same for the same seed, as lines with CRLF;
 * none begins with a dot.  The caller frees.
 */
char	*load_text(size_t, uint64_t, size_t *);
/*
 * What share of one processor this process has had since load_init, in
 * percent: a generator that comes near 100 measures itself.
 */
unsigned int load_cpu(void);
/* A number from the command line. */
uint64_t load_number(const char *, const char *, uint64_t);

#endif
