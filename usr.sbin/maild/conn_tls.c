/* Connections: TLS through libtls. */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <tls.h>

#include "conn_local.h"

struct conn_tls {
	struct tls	*tls;
	SSL		*ssl;		/* inside of tls, not ours */
	struct tls_server *server;	/* during the handshake */
	int		 ready;
	int		 mask;		/* what the handshake waits for */
};

/*
 * A server context that handshakes point to: libtls looks into it when the
 * client names a server, so it must outlive the last handshake begun with it.
 */
struct tls_server {
	LIST_ENTRY(tls_server) entry;
	struct tls	*tls;
	unsigned	 handshakes;
	int		 retired;
};

static LIST_HEAD(, tls_server) servers = LIST_HEAD_INITIALIZER(servers);
static SSL	*newest;	/* made last; see conn_tls_born */
static int	 hooked;

/*
 * libcrypto calls this for each SSL that is made, and so for those inside of
 * libtls, which itself has no call for what we need: give the 34 KB of record
 * buffers back when a connection is idle, take a missing close_notify as the
 * end, and export keying material.
 */
static void
conn_tls_born(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
    void *argp)
{
	newest = parent;
	if (newest == NULL)
		return;
	SSL_set_mode(newest, SSL_MODE_RELEASE_BUFFERS);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
	SSL_set_options(newest, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
}

static void
conn_tls_hook(void)
{
	if (!hooked)
		SSL_get_ex_new_index(0, NULL, conn_tls_born, NULL, NULL);
	hooked = 1;
}

static void
conn_tls_server_put(struct tls_server *s)
{
	if (s == NULL || --s->handshakes > 0)
		return;
	if (s->retired)
		tls_free(s->tls);
	LIST_REMOVE(s, entry);
	free(s);
}

static struct tls_server *
conn_tls_server_get(struct tls *tls)
{
	struct tls_server	*s;

	LIST_FOREACH(s, &servers, entry)
		if (s->tls == tls)
			break;
	if (s == NULL) {
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return NULL;
		s->tls = tls;
		LIST_INSERT_HEAD(&servers, s, entry);
	}
	s->handshakes++;
	return s;
}

void
conn_server_free(struct tls *tls)
{
	struct tls_server	*s;

	LIST_FOREACH(s, &servers, entry)
		if (s->tls == tls) {
			s->retired = 1;
			return;
		}
	tls_free(tls);
}

/* What was read in the clear is not the peer's word any more. */
static int
conn_tls_begin(struct conn *c, struct conn_tls *t)
{
	t->ssl = newest;
	t->mask = EV_READ;
	c->tls = t;
	c->clearlen = c->out.len;
	c->borrow = NULL;
	c->borrowlen = 0;
	buf_free(&c->in);
	conn_mark_dirty(c);
	conn_arm(c);
	return 0;
}

int
conn_starttls_server(struct conn *c, struct tls *server)
{
	struct conn_tls	*t;

	if (c->tls != NULL || c->zip != NULL || c->state != CONN_S_OPEN ||
	    c->closing || (t = calloc(1, sizeof(*t))) == NULL)
		return -1;
	conn_tls_hook();
	newest = NULL;
	if ((t->server = conn_tls_server_get(server)) == NULL ||
	    tls_accept_socket(server, &t->tls, c->fd) == -1) {
		conn_tls_server_put(t->server);
		free(c->error);
		c->error = strdup(tls_error(server) == NULL ?
		    "no memory for TLS" : tls_error(server));
		free(t);
		return -1;
	}
	return conn_tls_begin(c, t);
}

int
conn_starttls_client(struct conn *c, struct tls_config *config,
    const char *servername)
{
	struct conn_tls	*t;

	if (c->tls != NULL || c->zip != NULL || c->state != CONN_S_OPEN ||
	    c->closing || (t = calloc(1, sizeof(*t))) == NULL)
		return -1;
	conn_tls_hook();
	newest = NULL;
	if ((t->tls = tls_client()) == NULL ||
	    tls_configure(t->tls, config) == -1 ||
	    tls_connect_socket(t->tls, c->fd, servername) == -1) {
		free(c->error);
		c->error = strdup(t->tls == NULL || tls_error(t->tls) == NULL ?
		    "no memory for TLS" : tls_error(t->tls));
		tls_free(t->tls);
		free(t);
		return -1;
	}
	return conn_tls_begin(c, t);
}

struct tls *
conn_tls(struct conn *c)
{
	return c->tls == NULL || !c->tls->ready ? NULL : c->tls->tls;
}

int
conn_tls_ready(const struct conn *c)
{
	return c->tls->ready;
}

int
conn_tls_mask(const struct conn *c)
{
	return c->tls->mask;
}

void
conn_tls_handshake(struct conn *c)
{
	struct conn_tls	*t = c->tls;

	switch (tls_handshake(t->tls)) {
	case 0:
		/* The peer's end amid the handshake reads as success. */
		if (t->ssl != NULL && !SSL_is_init_finished(t->ssl)) {
			conn_fail(c, "the peer has closed");
			return;
		}
		break;
	case TLS_WANT_POLLIN:
		t->mask = EV_READ;
		return;
	case TLS_WANT_POLLOUT:
		t->mask = EV_WRITE;
		return;
	default:
		conn_fail(c, tls_error(t->tls));
		return;
	}
	t->ready = 1;
	conn_tls_server_put(t->server);
	t->server = NULL;
	conn_touch(c);
	/* The first application data may have come along with the Finished. */
	conn_schedule(c, CONN_A_SECURED | CONN_A_RAW);
	if (c->out.len > 0)
		conn_mark_dirty(c);
}

ssize_t
conn_tls_read(struct conn *c, void *p, size_t n)
{
	ssize_t	 got;

	switch (got = tls_read(c->tls->tls, p, n)) {
	case TLS_WANT_POLLIN:
		c->rwant = EV_READ;
		return CONN_IO_WANT;
	case TLS_WANT_POLLOUT:
		c->rwant = EV_WRITE;
		return CONN_IO_WANT;
	case -1:
		conn_fail(c, tls_error(c->tls->tls));
		return CONN_IO_ERROR;
	default:
		c->rwant = EV_READ;
		return got;
	}
}

ssize_t
conn_tls_write(struct conn *c, const void *p, size_t n)
{
	ssize_t	 done;

	switch (done = tls_write(c->tls->tls, p, n)) {
	case TLS_WANT_POLLIN:
		c->wwant = EV_READ;
		return CONN_IO_WANT;
	case TLS_WANT_POLLOUT:
		c->wwant = EV_WRITE;
		return CONN_IO_WANT;
	case 0:
		/* libtls says so when the peer said close_notify and is gone:
		 * nothing was written, and nothing ever will be. */
		conn_fail(c, "the peer has closed");
		return CONN_IO_ERROR;
	case -1:
		conn_fail(c, tls_error(c->tls->tls));
		return CONN_IO_ERROR;
	default:
		return done;
	}
}

/* Only our half of it: we do not wait for the peer's close_notify. */
int
conn_tls_close(struct conn *c)
{
	int	 ret;

	ERR_clear_error();
	if ((ret = SSL_shutdown(c->tls->ssl)) >= 0)
		return 0;
	/* A peer that is gone makes an error here that still "wants write". */
	if (SSL_get_error(c->tls->ssl, ret) == SSL_ERROR_WANT_WRITE) {
		c->wwant = EV_WRITE;
		return CONN_IO_WANT;
	}
	ERR_clear_error();
	return -1;
}

void
conn_tls_free(struct conn *c)
{
	if (c->tls == NULL)
		return;
	conn_tls_server_put(c->tls->server);
	tls_free(c->tls->tls);
	free(c->tls);
	c->tls = NULL;
}

int
conn_binding(struct conn *c, uint8_t out[32])
{
	static const char	 label[] = "EXPORTER-Channel-Binding";
	SSL			*ssl;

	if (conn_tls(c) == NULL || (ssl = c->tls->ssl) == NULL)
		return -1;
	/*
	 * RFC 9266 4.2: under TLS 1.2 only with the extended master secret,
	 * else a man in the middle can make two sessions export alike.
	 */
	if (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1)
		return -1;
	return SSL_export_keying_material(ssl, out, 32, label,
	    sizeof(label) - 1, NULL, 0, 0) == 1 ? 0 : -1;
}
