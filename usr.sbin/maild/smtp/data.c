/* The bytes of a message: from DATA or BDAT to the descriptor. */
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "libsmtp/smtp_received.h"
#include "libutil/log.h"
#include "proc.h"
#include "session.h"

#define DATA_RANGES	64
#define DATA_PIECE	(64 * 1024)	/* within smtp-timeout, at the least */

static int
write_all(int fd, struct iovec *iov, int n)
{
	ssize_t	 done;

	while (n > 0) {
		if ((done = writev(fd, iov, n)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		while (n > 0 && (size_t)done >= iov->iov_len) {
			done -= iov->iov_len;
			iov++;
			n--;
		}
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= done;
		}
	}
	return 0;
}

/* To the descriptor; what stands in front goes with the first piece. */
static void
put(struct session *s, const struct iovec *iov, int n)
{
	struct transaction	*tx = s->tx;
	struct iovec		 all[DATA_RANGES + 1];
	int			 i, first = tx->head.len == 0;

	all[0].iov_base = buf_ptr(&tx->head);
	all[0].iov_len = tx->head.len;
	for (i = 0; i < n; i++) {
		all[i + 1] = iov[i];
		tx->size += iov[i].iov_len;
	}
	if (!tx->failed && write_all(tx->fd, all + first, n + 1 - first) ==
	    -1) {
		log_warn("message body");
		tx->failed = 1;
	}
	buf_free(&tx->head);
}

/* What we put in front: the trace line (RFC 5321 4.4). */
static void
put_received(struct session *s)
{
	struct transaction	*tx = s->tx;
	struct smtp_received	 r = { .helo = s->helo, .rdns = s->c.rdns,
	    .client = s->c.addr, .by = caller_conf()->hostname };
	struct tls		*tls = conn_tls(s->c.conn);
	char			 id[PROC_IDLEN];

	r.with = smtp_server_with(&s->st, (tx->flags & ENV_UTF8) != 0);
	r.id = proc_print_id(tx->id, id);
	if (tls != NULL) {
		r.tls_version = tls_conn_version(tls);
		r.tls_cipher = tls_conn_cipher(tls);
	}
	if (tx->nrcpt == 1)
		r.rcpt = tx->rcpt;
	r.time = proc_time();
	buf_init(&tx->head, 8192);
	if (smtp_received_put(&tx->head, &r) == -1)
		fatal("received");
	tx->size += tx->head.len;
	tx->begun = 1;
}

static void
begin(struct session *s, enum smtp_dot_mode mode)
{
	smtp_dot_init(&s->tx->dot, mode, caller_conf()->limits.message_size, 0);
	put_received(s);
}

void
data_begin(struct session *s)
{
	begin(s, SMTP_DOT_DATA);
	(void)smtp_server_event(&s->st, SMTP_EV_DATA);
	session_reply(s, 354, "End data with <CR><LF>.<CR><LF>");
}

/* The message is whole, but no good: say why. */
static void
give_up(struct session *s, const struct smtp_answer *a)
{
	session_mistake(s);
	transaction_answer(s, a->code, a->text);
	transaction_end(s, 1);
}

static void
complete(struct session *s)
{
	static const struct smtp_answer	 full = {
		452, "4.3.1 Not enough room on disk" };
	struct msg_env_commit	 m = { .sid = s->c.sid, .txn = s->txn,
	    .size = s->tx->size };

	if (s->tx->dot.error != SMTP_DOT_OK) {
		give_up(s, smtp_dot_answer(s->tx->dot.error));
		return;
	}
	if (s->tx->head.len > 0)
		put(s, NULL, 0);	/* a message of no bytes */
	if (s->tx->failed) {
		give_up(s, &full);
		return;
	}
	if (smtp_dot_unended(&s->tx->dot)) {
		struct iovec	 crlf = { (void *)(uintptr_t)"\r\n", 2 };

		put(s, &crlf, 1);
		m.size = s->tx->size;
	}
	s->wait = WAIT_COMMIT;
	if (proc_send(PROC_QUEUE, 0, M_ENV_COMMIT, &m, -1) == -1)
		session_close(s, 421, "4.3.0 Try again later");
}

/* A chunk has been taken whole. */
static void
chunk_end(struct session *s)
{
	if (s->tx->last) {
		(void)smtp_dot_finish(&s->tx->dot);
		complete(s);
		return;
	}
	if (s->tx->dot.error != SMTP_DOT_OK || s->tx->failed) {
		/* RFC 3030 2: said at once; the rest is refused. */
		complete(s);
		return;
	}
	(void)smtp_server_event(&s->st, SMTP_EV_CHUNK);
	session_replyf(s, 250, "2.0.0 %llu octets",
	    (unsigned long long)s->tx->dot.size);
}

void
data_chunk(struct session *s, uint64_t bytes, int last)
{
	if (!s->tx->begun)
		begin(s, SMTP_DOT_PLAIN);
	s->tx->chunk = bytes;
	s->tx->last = last;
	if (bytes == 0)
		chunk_end(s);
}

/* Memory is for small ones. */
static int
spill(struct session *s)
{
	struct msg_env_spill	 m = { .sid = s->c.sid, .txn = s->txn };

	if (s->tx->on_disk || s->tx->failed || s->tx->size <= ENV_MEMORY)
		return 0;
	if (proc_send(PROC_QUEUE, 0, M_ENV_SPILL, &m, -1) == -1) {
		session_close(s, 421, "4.3.0 Try again later");
		return 1;
	}
	s->wait = WAIT_SPILL;
	return 1;
}

static int
move_to(int from, int to)
{
	static char	 data[65536];
	off_t		 off = 0;
	ssize_t		 n;

	while ((n = pread(from, data, sizeof(data), off)) > 0) {
		struct iovec	 iov = { data, n };

		if (write_all(to, &iov, 1) == -1)
			return -1;
		off += n;
	}
	return n == -1 ? -1 : 0;
}

void
data_spilled(struct session *s, int ok, int fd)
{
	struct transaction	*tx = s->tx;

	if (!ok || fd == -1 || move_to(tx->fd, fd) == -1)
		tx->failed = 1;
	if (fd != -1) {
		close(tx->fd);
		tx->fd = fd;
	}
	tx->on_disk = 1;
	session_continue(s);
}

/* Decode what is there; 1 when the end of DATA or of the chunk was read. */
static int
take(struct session *s, const uint8_t *in, size_t len)
{
	struct transaction	*tx = s->tx;
	struct iovec		 iov[DATA_RANGES];
	enum codec		 c;
	size_t			 used, taken = 0;
	int			 n;

	if (tx->chunk > 0 && len > tx->chunk)
		len = tx->chunk;
	do {
		n = DATA_RANGES;
		c = smtp_dot_decode(&tx->dot, in + taken, len - taken, &used,
		    iov, &n);
		if (n > 0)
			put(s, iov, n);
		taken += used;
	} while (c == CODEC_MORE && taken < len && (used > 0 || n > 0));
	conn_consume(s->c.conn, taken);
	if ((tx->taken += taken) >= DATA_PIECE) {
		tx->taken = 0;
		session_patience(s);
	}
	if (s->st.phase == SMTP_PHASE_DATA)
		return c != CODEC_MORE;
	tx->chunk -= taken;
	return tx->chunk == 0;
}

/* It is refused, but for the end that we wait for; not for ever. */
static int
endless(struct session *s, size_t len)
{
	if (s->tx->dot.error == SMTP_DOT_OK && !s->tx->failed)
		return 0;
	s->tx->wasted += len;
	if (s->tx->wasted / SESSION_WASTED <=
	    caller_conf()->limits.message_size)
		return 0;
	session_close(s, 552, "5.3.4 Message too big");
	return 1;
}

int
data_input(struct session *s)
{
	const uint8_t	*in;
	size_t		 len;

	if ((in = conn_in(s->c.conn, &len)) == NULL || len == 0)
		return 0;
	if (!take(s, in, len)) {
		if (endless(s, len) || spill(s))
			return 0;
		(void)conn_in(s->c.conn, &len);
		return len > 0;
	}
	if (s->st.phase == SMTP_PHASE_DATA)
		complete(s);
	else
		chunk_end(s);
	return 1;
}
