/*
 * What the private keys are, without ever having one: a child of a moment
 * opens each, and answers with its kind and the hash of its public half.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"

struct answer {
	int	 type;			/* EVP_PKEY_*, 0: why says */
	int	 bits;
	uint8_t	 pubhash[SHA256_DIGEST_LENGTH];
	char	 why[96];
};

/* A key with a pass phrase would have to be asked for. */
static int
key_no_passphrase(char *buf, int size, int rw, void *arg)
{
	*(int *)arg = 1;
	return -1;
}

static void
key_inspect(const char *file, struct answer *a)
{
	struct stat	 st;
	EVP_PKEY	*key = NULL;
	FILE		*fp;
	uint8_t		*der = NULL;
	int		 len, encrypted = 0;

	memset(a, 0, sizeof(*a));
	if ((fp = fopen(file, "re")) == NULL ||
	    fstat(fileno(fp), &st) == -1) {
		strlcpy(a->why, strerror(errno), sizeof(a->why));
	} else if (st.st_mode & S_IRWXO) {
		snprintf(a->why, sizeof(a->why),
		    "everybody may read it (mode %04o): chmod o= it",
		    (unsigned)(st.st_mode & 07777));
	} else if ((key = PEM_read_PrivateKey(fp, NULL, key_no_passphrase,
	    &encrypted)) == NULL) {
		strlcpy(a->why, encrypted ? "has a pass phrase, which nobody "
		    "will be there to type" : "holds no private key",
		    sizeof(a->why));
	} else if ((len = i2d_PUBKEY(key, &der)) <= 0) {
		strlcpy(a->why, "is of no known kind", sizeof(a->why));
	} else {
		SHA256(der, (size_t)len, a->pubhash);
		a->type = EVP_PKEY_base_id(key);
		a->bits = EVP_PKEY_bits(key);
	}
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	if (fp != NULL)
		fclose(fp);
}

static void
keys_tell(const struct conf *conf, int fd)
{
	const struct conf_cert	*c;
	const struct conf_dkim	*d;
	struct answer		 a;

	TAILQ_FOREACH(c, &conf->certs, entry) {
		key_inspect(c->keyfile, &a);
		if (write(fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
			_exit(1);
	}
	TAILQ_FOREACH(d, &conf->dkims, entry) {
		key_inspect(d->keyfile, &a);
		if (write(fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
			_exit(1);
	}
	_exit(0);
}

static int
keys_hear(FILE *fp, struct answer *a)
{
	if (fread(a, sizeof(*a), 1, fp) != 1) {
		conf_error_line("keys", 0, "", "cannot be looked at");
		return -1;
	}
	a->why[sizeof(a->why) - 1] = '\0';
	return 0;
}

static int
keys_judge(struct conf *conf, FILE *fp)
{
	struct conf_cert	*c;
	struct conf_dkim	*d;
	struct answer		 a;
	int			 ret = 0;

	TAILQ_FOREACH(c, &conf->certs, entry) {
		if (keys_hear(fp, &a) == -1)
			return -1;
		if (a.type == 0) {
			conf_error(conf, c->pos, c->keyfile, "%s", a.why);
			ret = -1;
		} else if (c->pem != NULL && memcmp(a.pubhash, c->pubhash,
		    sizeof(a.pubhash)) != 0) {
			conf_error(conf, c->pos, c->keyfile,
			    "is not the key of %s", c->certfile);
			ret = -1;
		}
	}
	TAILQ_FOREACH(d, &conf->dkims, entry) {
		if (keys_hear(fp, &a) == -1)
			return -1;
		d->ed25519 = a.type == EVP_PKEY_ED25519;
		if (a.type == 0)
			conf_error_line(d->keyfile, 0, "", a.why);
		else if (!d->ed25519 && a.type != EVP_PKEY_RSA)
			conf_error_line(d->keyfile, 0, "",
			    "is neither an RSA nor an Ed25519 key");
		else if (!d->ed25519 && (a.bits < 1024 || a.bits > 4096))
			conf_error_line(d->keyfile, 0, "",
			    "an RSA key must have 1024 to 4096 bits");
		else
			continue;
		ret = -1;
	}
	return ret;
}

int
conf_keys_check(struct conf *conf)
{
	FILE	*fp;
	pid_t	 pid;
	int	 fds[2], ret;

	if (TAILQ_EMPTY(&conf->certs) && TAILQ_EMPTY(&conf->dkims))
		return 0;
	if (pipe2(fds, O_CLOEXEC) == -1)
		fatal("pipe");
	switch (pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fds[0]);
		keys_tell(conf, fds[1]);
		_exit(0);
	}
	close(fds[1]);
	if ((fp = fdopen(fds[0], "r")) == NULL)
		fatal("fdopen");
	ret = keys_judge(conf, fp);
	fclose(fp);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	return ret;
}
