/* The process that holds the private keys, alone. */
#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "conf.h"
#include "crypto/crypto.h"
#include "crypto/keygen.h"
#include "crypto/keyring.h"
#include "crypto/sign.h"
#include "msg.h"
#include "proc.h"

static struct keyring	*ring;		/* in force */
static struct keyring	*next;		/* of the configuration to come */
static char		 problem[512];	/* the first one with it */

/* The key files come before M_CONF_CHECK, each in a descriptor. */
static void
crypto_conf_key(const struct msg_conf_key *m, int fd)
{
	const char	*why = "";
	int		 ret;

	if (next == NULL) {
		if ((next = keyring_new()) == NULL)
			fatal("keyring");
		problem[0] = '\0';
	}
	switch (m->kind) {
	case KEY_TLS:
		ret = keyring_add_tls(next, fd, m->pubhash.data,
		    m->pubhash.len, &why);
		break;
	case KEY_DKIM:
		ret = keyring_add_dkim(next, fd, m->name, m->selector, &why);
		break;
	default:
		fatalx("key of unknown kind %u", m->kind);
	}
	close(fd);
	if (ret == -1 && problem[0] == '\0')
		snprintf(problem, sizeof(problem), "%s key of %s%s%s: %s",
		    m->kind == KEY_TLS ? "TLS" : "DKIM", m->name,
		    m->selector[0] == '\0' ? "" : " selector ", m->selector,
		    why);
}

static int
crypto_conf_check(struct conf *conf, char *err, size_t errsize)
{
	const struct conf_cert	*cert;
	const struct conf_dkim	*dkim;

	if (problem[0] != '\0') {
		strlcpy(err, problem, errsize);
		return -1;
	}
	if (next == NULL && (next = keyring_new()) == NULL) {
		strlcpy(err, "no memory", errsize);
		return -1;
	}
	TAILQ_FOREACH(cert, &conf->certs, entry)
		if (keyring_find_tls(next, cert->pubhash) == NULL) {
			snprintf(err, errsize, "no key of certificate %s",
			    cert->name);
			return -1;
		}
	TAILQ_FOREACH(dkim, &conf->dkims, entry)
		if (keyring_find_dkim(next, dkim->domain, dkim->selector) ==
		    NULL) {
			snprintf(err, errsize, "no DKIM key of %s selector %s",
			    dkim->domain, dkim->selector);
			return -1;
		}
	return 0;
}

static void
crypto_conf_use(struct conf *conf)
{
	keyring_free(ring);
	ring = next;
	next = NULL;
}

static void
crypto_conf_drop(struct conf *conf)
{
	keyring_free(next);
	next = NULL;
	problem[0] = '\0';
}

static void
crypto_refuse(const struct proc_from *from, const char *what, const char *why)
{
	proc_count_add("crypto.refused", 1);
	log_warnx("refused to sign: peer=%s/%u what=%s reason=\"%s\"",
	    proc_names[from->proc], from->inst + 1, what, why);
}

static void
crypto_tls_sign(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_tls_sign	*m = msg;
	struct msg_tls_sign_r		 r;
	uint8_t				 out[SIGN_OUTMAX];
	const char			*why = "no keys";
	int				 len = -1;

	if (ring != NULL)
		len = sign_tls(ring, m, out, sizeof(out), &why);
	if (len == -1)
		crypto_refuse(from, "tls", why);
	else
		proc_count_add("crypto.tls", 1);
	r.cookie = m->cookie;
	r.ok = len != -1;
	r.output.data = out;
	r.output.len = len == -1 ? 0 : (size_t)len;
	(void)proc_send(from->proc, from->inst, M_TLS_SIGN_R, &r, -1);
}

static void
crypto_dkim_sign(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_dkim_sign	*m = msg;
	struct msg_dkim_sign_r		 r;
	uint8_t				 out[SIGN_OUTMAX];
	const char			*why = "no keys";
	char				 name[160];
	int				 len = -1;

	if (ring != NULL)
		len = sign_dkim(ring, m->domain, m->selector, m->digest.data,
		    m->digest.len, out, sizeof(out), &why);
	if (len == -1) {
		log_quote(name, sizeof(name), m->domain, strlen(m->domain));
		log_debug("dkim: domain=%s", name);
		crypto_refuse(from, "dkim", why);
	} else
		proc_count_add("crypto.dkim", 1);
	r.cookie = m->cookie;
	r.n = m->n;
	r.ok = len != -1;
	r.signature.data = out;
	r.signature.len = len == -1 ? 0 : (size_t)len;
	(void)proc_send(from->proc, from->inst, M_DKIM_SIGN_R, &r, -1);
}

static void
crypto_keygen(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_ctl_keygen	*m = msg;
	struct msg_ctl_keygen_r		 r;
	char				 txt[2 * MSG_TEXT + 1];
	const char			*why = "";

	r.cookie = m->cookie;
	r.ok = keygen_dkim(m->alg == 1, fd, txt, sizeof(txt), &why) == 0;
	r.text = r.ok ? txt : why;
	close(fd);
	(void)proc_send(from->proc, from->inst, M_CTL_KEYGEN_R, &r, -1);
}

static const struct proc_dispatch crypto_dispatch[] = {
	{ M_TLS_SIGN,	crypto_tls_sign },
	{ M_DKIM_SIGN,	crypto_dkim_sign },
	{ M_CTL_KEYGEN,	crypto_keygen },
	{ M_MAX,	NULL }
};

const struct proc_def crypto_def = {
	.id = PROC_CRYPTO,
	.promises = "stdio recvfd",
	.dispatch = crypto_dispatch,
	.init = keyring_init,
	.conf_check = crypto_conf_check,
	.conf_use = crypto_conf_use,
	.conf_drop = crypto_conf_drop,
	.conf_key = crypto_conf_key
};
