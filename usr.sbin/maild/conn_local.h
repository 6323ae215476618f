/* What the files of conn share; nobody else includes this. */
#ifndef CONN_LOCAL_H
#define CONN_LOCAL_H

#include <sys/types.h>
#include <sys/queue.h>

#include <event.h>

#include "conn.h"

struct conn_tls;
struct conn_zip;

enum conn_state {
	CONN_S_CONNECT,		/* connect(2) is under way */
	CONN_S_OPEN,
	CONN_S_LINGER,		/* our side is shut; wait for the peer's */
	CONN_S_FAILED
};

/* What is to be told, or tried, at the next turn. */
#define CONN_A_READ	0x01	/* input is left in the buffer */
#define CONN_A_RAW	0x02	/* the TLS or DEFLATE layer may hold more */
#define CONN_A_DRAINED	0x04
#define CONN_A_ERROR	0x08
#define CONN_A_SECURED	0x10

struct conn {
	struct event	 ev;
	TAILQ_ENTRY(conn) dirty_entry;
	TAILQ_ENTRY(conn) again_entry;
	LIST_ENTRY(conn) wheel_entry;
	conn_cb		 cb;
	void		*arg;
	struct buf	 in;
	struct buf	 out;
	/*
	 * During the callback that announces it, new input still lies in the
	 * scratch buffer that all share; only what is left gets copied.
	 */
	const uint8_t	*borrow;
	size_t		 borrowlen;
	size_t		 clearlen;	/* front of out: from before TLS */
	struct conn_tls	*tls;
	struct conn_zip	*zip;
	char		*error;
	uint32_t	 timeout;	/* seconds without a byte, 0 none */
	uint32_t	 active;	/* when a byte moved */
	uint32_t	 deadline;	/* 0 none */
	uint32_t	 due;		/* of its place in the wheel, 0 none */
	int		 fd;
	uint8_t		 state;		/* enum conn_state */
	uint8_t		 again;		/* CONN_A_* */
	uint8_t		 busy;		/* callbacks under way */
	uint8_t		 freed;		/* conn_free while busy */
	uint8_t		 closing;	/* conn_close */
	uint8_t		 quit;		/* conn_quit */
	uint8_t		 paused;
	uint8_t		 eof;
	uint8_t		 dirty;
	uint8_t		 mask;		/* what ev waits for */
	uint8_t		 rwant;		/* to read, wait for EV_READ/WRITE */
	uint8_t		 wwant;		/* to write; 0: not blocked */
};

/* Answers of the layers below, in place of a count. */
#define CONN_IO_EOF	0
#define CONN_IO_ERROR	(-1)
#define CONN_IO_WANT	(-2)	/* rwant or wwant say what to wait for */

/* conn.c */
void	 conn_schedule(struct conn *, int flags);
void	 conn_mark_dirty(struct conn *);
void	 conn_arm(struct conn *);
void	 conn_touch(struct conn *);
void	 conn_fail(struct conn *, const char *);
void	 conn_destroy(struct conn *);
uint32_t conn_now(void);

/* conn_io.c */
size_t	 conn_do_read(struct conn *);	/* how many new bytes */
void	 conn_do_write(struct conn *);
void	 conn_do_linger(struct conn *);

/* conn_tls.c */
int	 conn_tls_ready(const struct conn *);	/* the handshake is done */
void	 conn_tls_handshake(struct conn *);
int	 conn_tls_mask(const struct conn *);	/* during the handshake */
ssize_t	 conn_tls_read(struct conn *, void *, size_t);
ssize_t	 conn_tls_write(struct conn *, const void *, size_t);
int	 conn_tls_close(struct conn *);		/* 0, -1, CONN_IO_WANT */
void	 conn_tls_free(struct conn *);

/* conn_deflate.c: the same contract as read(2) and write(2), one floor up */
ssize_t	 conn_zip_read(struct conn *, void *, size_t);
int	 conn_zip_write(struct conn *);		/* out to the layer below */
size_t	 conn_zip_pending(const struct conn *);
void	 conn_zip_free(struct conn *);
/* conn_io.c, for it */
ssize_t	 conn_raw_read(struct conn *, void *, size_t);
ssize_t	 conn_raw_write(struct conn *, const void *, size_t);

#endif
