/*
 * A connection: buffered reading and writing on a non-blocking descriptor, in
 * the clear or through libtls, with a time limit.  An idle one holds no
 * buffer.  What was written goes out at the end of the turn.
 */
#ifndef CONN_H
#define CONN_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/addr.h"
#include "libutil/buf.h"

struct tls;
struct tls_config;
struct conn;

enum conn_event {
	CONN_CONNECTED,		/* conn_connect has succeeded */
	CONN_SECURED,		/* TLS handshake done */
	CONN_READABLE,		/* more input in conn_in */
	CONN_DRAINED,		/* all output is with the kernel: told at the
				 * turn after the one that wrote */
	CONN_EOF,		/* the peer has finished; input may remain */
	CONN_ERROR,		/* conn_error says what; nothing will come */
	CONN_TIMEOUT
};

/* The callback may call conn_free: the caller of the callback survives it. */
typedef void (*conn_cb)(struct conn *, enum conn_event, void *arg);

/* Takes the descriptor.  inmax: most input held back, then reading pauses. */
struct conn	*conn_new(int fd, size_t inmax, conn_cb, void *arg);
/*
 * Begin to connect; CONN_CONNECTED, CONN_ERROR or (after seconds, 0: the
 * kernel's own limit) CONN_TIMEOUT follows.  local: the address to come from,
 * or NULL.  NULL with errno when it fails at once.
 */
struct conn	*conn_connect(const struct addr *, const struct addr *local,
		    unsigned seconds, size_t inmax, conn_cb, void *arg);
/* Close at once; output not written is lost. */
void		 conn_free(struct conn *);
/*
 * Write what there is, say close_notify, then close and free by itself, at
 * the latest after half a minute.  The callback is not called any more.
 */
void		 conn_close(struct conn *);
/*
 * The same for a client who has said that he is done: nothing of his is on its
 * way any more, so that nobody need wait for him to hang up.
 */
void		 conn_quit(struct conn *);

/* Server or client side of TLS from the next byte on; input read before is
 * thrown away (RFC 3207 4.2).  0, or -1 with conn_error. */
int		 conn_starttls_server(struct conn *, struct tls *server);
int		 conn_starttls_client(struct conn *, struct tls_config *,
		    const char *servername);
struct tls	*conn_tls(struct conn *);	/* NULL before CONN_SECURED */
/* tls_free for a server context, once no handshake needs it any more. */
void		 conn_server_free(struct tls *);
/* The tls-exporter channel binding (RFC 9266); 0, or -1: there is none. */
int		 conn_binding(struct conn *, uint8_t [32]);

/* The input that was not consumed; conn_consume takes n bytes away. */
const uint8_t	*conn_in(const struct conn *, size_t *len);
void		 conn_consume(struct conn *, size_t n);
/* Call back with CONN_READABLE at the next turn if input is left. */
void		 conn_again(struct conn *);
/*
 * Of n commands that a turn may hold, those of one connection: the fewer the
 * more others have input left over too.  A few in any case.
 */
unsigned	 conn_share(unsigned n);
/*
 * Stop and start reading: the process is waiting for another one.  After
 * conn_resume what was left of the input is announced again.
 */
void		 conn_pause(struct conn *);
void		 conn_resume(struct conn *);

/*
 * Queue output; 0, or -1 when over outmax (default 4 MiB) or dead.  Large
 * pieces go to the kernel at once: conn_pending tells what did not fit.
 */
int		 conn_write(struct conn *, const void *, size_t);
int		 conn_writef(struct conn *, const char *, ...)
		    __attribute__((__format__ (printf, 2, 3)));
/* To build output in place. */
struct buf	*conn_out(struct conn *);
/* Something could not be put there: who waits for it would wait in vain.  The
 * next second brings CONN_TIMEOUT. */
void		 conn_out_lost(struct conn *);
void		 conn_out_done(struct conn *);
size_t		 conn_pending(const struct conn *);
void		 conn_outmax(struct conn *, size_t);

/*
 * CONN_TIMEOUT when no byte has moved for so long, counted from now; once,
 * until set again.  0: none.  A second or so late.
 */
void		 conn_timeout(struct conn *, unsigned seconds);
/* The same, whatever moves: for clients that send a byte at a time. */
void		 conn_deadline(struct conn *, unsigned seconds);
const char	*conn_error(const struct conn *);
int		 conn_fd(const struct conn *);

/*
 * DEFLATE both ways from the next byte on (RFC 4978); 0 or -1.
 */
int		 conn_deflate(struct conn *);

/* proc.c calls this at the end of each turn. */
void		 conn_flush_all(void);
/* Memory and numbers, for limits and `show stats'. */
size_t		 conn_count(void);

#endif
