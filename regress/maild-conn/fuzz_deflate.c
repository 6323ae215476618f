/*
 * What a client sends after COMPRESS DEFLATE, through a connection.  What came
 * out is thrown away; however much it is, what is held stays below the cap.
 */
#include <sys/socket.h>

#include <event.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"

#define HOLD	8192

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int	 done;
static unsigned	 calls;

static void
on_conn(struct conn *c, enum conn_event what, void *arg)
{
	size_t	 n;

	switch (what) {
	case CONN_READABLE:
		(void)conn_in(c, &n);
		if (n > HOLD)
			abort();
		/* Sometimes a part is left for the next time. */
		conn_consume(c, ++calls % 3 == 0 && n > 1 ? n / 2 : n);
		conn_again(c);
		break;
	case CONN_EOF:
	case CONN_ERROR:
	case CONN_TIMEOUT:
		done = 1;
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int	 started;
	struct conn	*c;
	int		 fds[2], turns;

	/* Less than a socket holds, so that nobody waits. */
	if (len > 32768)
		return 0;
	if (!started) {
		signal(SIGPIPE, SIG_IGN);
		event_init();
		started = 1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == -1)
		abort();
	done = 0;
	calls = 0;
	if ((c = conn_new(fds[0], HOLD, on_conn, NULL)) == NULL ||
	    conn_deflate(c) == -1)
		abort();
	if (len > 0 && write(fds[1], data, len) != (ssize_t)len)
		abort();
	shutdown(fds[1], SHUT_WR);
	for (turns = 0; !done && turns < 20000; turns++) {
		event_loop(EVLOOP_ONCE);
		conn_flush_all();
	}
	conn_free(c);
	conn_flush_all();
	close(fds[1]);
	return 0;
}
