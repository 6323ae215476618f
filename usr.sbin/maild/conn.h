/*
 * A connection: buffered reading and writing on a non-blocking descriptor, in
 * the clear or through libtls, with a time limit.  An idle one holds no
 * buffer.  What was written goes out at the end of the turn.
 */
#ifndef CONN_H
#define CONN_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"

struct tls;
struct tls_config;
struct conn;

enum conn_event {
	CONN_CONNECTED,		/* conn_connect has succeeded */
	CONN_SECURED,		/* TLS handshake done */
	CONN_READABLE,		/* more input in conn_in */
	CONN_DRAINED,		/* all output is with the kernel */
	CONN_EOF,		/* peer has finished sending; input may remain */
	CONN_ERROR,		/* conn_error says what; nothing more will come */
	CONN_TIMEOUT
};

/* The callback may call conn_free: the caller of the callback survives it. */
typedef void (*conn_cb)(struct conn *, enum conn_event, void *arg);

/* Takes the descriptor.  inmax: most input held back, then reading pauses. */
struct conn	*conn_new(int fd, size_t inmax, conn_cb, void *arg);
/* Close at once; output not written is lost. */
void		 conn_free(struct conn *);
/* Write what there is, say close_notify, then close and free by itself. */
void		 conn_close(struct conn *);

/* Server or client side of TLS from the next byte on; input read before is
 * thrown away (RFC 3207 4.2).  0, or -1 with conn_error. */
int		 conn_starttls_server(struct conn *, struct tls *server);
int		 conn_starttls_client(struct conn *, struct tls_config *,
		    const char *servername);
struct tls	*conn_tls(struct conn *);

/* The input that was not consumed; conn_consume takes n bytes away. */
const uint8_t	*conn_in(const struct conn *, size_t *len);
void		 conn_consume(struct conn *, size_t n);
/* Call back with CONN_READABLE at the next turn if input is left. */
void		 conn_again(struct conn *);
/* Stop and start reading: the process is waiting for another one. */
void		 conn_pause(struct conn *);
void		 conn_resume(struct conn *);

/* Queue output; 0, or -1 when over outmax (default 4 MiB) or dead. */
int		 conn_write(struct conn *, const void *, size_t);
int		 conn_writef(struct conn *, const char *, ...)
		    __attribute__((__format__ (printf, 2, 3)));
/* To build output in place. */
struct buf	*conn_out(struct conn *);
void		 conn_out_done(struct conn *);
size_t		 conn_pending(const struct conn *);

void		 conn_timeout(struct conn *, unsigned seconds);	/* 0: none */
const char	*conn_error(const struct conn *);
int		 conn_fd(const struct conn *);
void		*conn_arg(const struct conn *);
void		 conn_setcb(struct conn *, conn_cb, void *);

/*
 * DEFLATE both ways from the next byte on (RFC 4978); 0 or -1.
 */
int		 conn_deflate(struct conn *);

/* proc.c calls this at the end of each turn. */
void		 conn_flush_all(void);
/* Memory and numbers, for limits and `show stats'. */
size_t		 conn_count(void);

#endif
