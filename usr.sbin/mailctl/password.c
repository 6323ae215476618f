/* Passwords. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <err.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/base64.h"
#include "password.h"

#define ROUNDS		4096		/* RFC 7677 */
#define SALT		16

static int
password_ask(const char *what, char *dst)
{
	char	 prompt[400], again[PASSWORD_MAX + 1];
	int	 same;

	snprintf(prompt, sizeof(prompt), "Password of %s: ", what);
	if (readpassphrase(prompt, dst, PASSWORD_MAX + 1,
	    RPP_ECHO_OFF | RPP_REQUIRE_TTY) == NULL) {
		warn("cannot ask for the password");
		return -1;
	}
	if (readpassphrase("Once more: ", again, sizeof(again),
	    RPP_ECHO_OFF | RPP_REQUIRE_TTY) == NULL) {
		warn("cannot ask for the password");
		return -1;
	}
	same = strcmp(dst, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (!same)
		warnx("the two are not the same");
	return same ? 0 : -1;
}

/* A byte at a time: nothing of it is left in a stdio buffer. */
static int
password_line(char *dst)
{
	size_t	 n = 0;
	ssize_t	 got;
	char	 c;

	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (n == PASSWORD_MAX || c == '\0') {
			warnx("the password is too long or has a NUL");
			return -1;
		}
		dst[n++] = c;
	}
	if (got == -1) {
		warn("standard input");
		return -1;
	}
	if (n > 0 && dst[n - 1] == '\r')
		n--;
	dst[n] = '\0';
	return 0;
}

int
password_read(const char *what, char dst[PASSWORD_MAX + 1])
{
	int	 ret;

	dst[0] = '\0';
	ret = isatty(STDIN_FILENO) ? password_ask(what, dst) :
	    password_line(dst);
	if (ret == 0 && dst[0] == '\0') {
		warnx("an empty password");
		ret = -1;
	}
	if (ret == -1)
		explicit_bzero(dst, PASSWORD_MAX + 1);
	return ret;
}

/* RFC 5803: SCRAM-SHA-256$rounds:salt$StoredKey:ServerKey */
int
password_secret(const char *password, char *dst, size_t dstsize)
{
	uint8_t	 salt[SALT], salted[32], client[32], stored[32], server[32];
	char	 s64[BASE64_LEN(SALT) + 1], c64[BASE64_LEN(32) + 1];
	char	 v64[BASE64_LEN(32) + 1];
	int	 ok, n;

	arc4random_buf(salt, sizeof(salt));
	ok = PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt,
	    sizeof(salt), ROUNDS, EVP_sha256(), sizeof(salted), salted) == 1 &&
	    HMAC(EVP_sha256(), salted, sizeof(salted),
	    (const unsigned char *)"Client Key", 10, client, NULL) != NULL &&
	    HMAC(EVP_sha256(), salted, sizeof(salted),
	    (const unsigned char *)"Server Key", 10, server, NULL) != NULL &&
	    SHA256(client, sizeof(client), stored) != NULL;
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	if (!ok || base64_encode(s64, sizeof(s64), salt, sizeof(salt)) == -1 ||
	    base64_encode(c64, sizeof(c64), stored, sizeof(stored)) == -1 ||
	    base64_encode(v64, sizeof(v64), server, sizeof(server)) == -1) {
		warnx("cannot make the secret");
		return -1;
	}
	n = snprintf(dst, dstsize, "SCRAM-SHA-256$%d:%s$%s:%s", ROUNDS, s64,
	    c64, v64);
	return n > 0 && (size_t)n < dstsize ? 0 : -1;
}
