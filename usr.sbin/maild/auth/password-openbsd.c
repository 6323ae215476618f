/* Passwords against SCRAM secrets and the hashes of crypt_checkpass(3). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/password.h"
#include "auth/sasl_plain.h"
#include "libmailauth/scram.h"

int
password_check(const char *secret, const char *password, size_t len)
{
	struct scram_secret	 scram;
	char			 text[SASL_PASSWORD_MAX + 1];
	int			 ret;

	if (scram_secret_parse(secret, strlen(secret), &scram) == 0) {
		ret = scram_secret_check(&scram, password, len);
		explicit_bzero(&scram, sizeof(scram));
		return ret;
	}
	if (secret[0] != '$' || len > SASL_PASSWORD_MAX)
		return -1;
	memcpy(text, password, len);
	text[len] = '\0';
	ret = crypt_checkpass(text, secret) == 0;
	explicit_bzero(text, sizeof(text));
	return ret;
}
