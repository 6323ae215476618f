/* Passwords against SCRAM secrets and the hashes of crypt(3). */
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/password.h"
#include "auth/sasl_plain.h"
#include "libmailauth/scram.h"

static int
password_crypt(const char *secret, const char *password, size_t len)
{
	struct crypt_data	*data;
	char			 text[SASL_PASSWORD_MAX + 1];
	const char		*hash;
	size_t			 n = strlen(secret);
	int			 ret = -1;

	if (len > SASL_PASSWORD_MAX ||
	    (data = calloc(1, sizeof(*data))) == NULL)
		return -1;
	memcpy(text, password, len);
	text[len] = '\0';
	hash = crypt_r(text, secret, data);
	if (hash != NULL && hash[0] != '*')
		ret = strlen(hash) == n && CRYPTO_memcmp(hash, secret, n) == 0;
	explicit_bzero(text, sizeof(text));
	freezero(data, sizeof(*data));
	return ret;
}

int
password_check(const char *secret, const char *password, size_t len)
{
	struct scram_secret	 scram;
	int			 ret;

	if (scram_secret_parse(secret, strlen(secret), &scram) == 0) {
		ret = scram_secret_check(&scram, password, len);
		explicit_bzero(&scram, sizeof(scram));
		return ret;
	}
	/* An empty or locked one would match what crypt makes of it. */
	if (secret[0] != '$' && secret[0] != '_')
		return -1;
	return password_crypt(secret, password, len);
}
