/* Passwords. */
#include <err.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libmailauth/scram.h"
#include "password.h"

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

int
password_secret(const char *password, char *dst, size_t dstsize)
{
	struct scram_secret	 secret;
	uint8_t			 salt[SCRAM_SALTLEN];
	int			 ret = -1;

	arc4random_buf(salt, sizeof(salt));
	if (scram_secret_make(password, strlen(password), salt, sizeof(salt),
	    SCRAM_ITERATIONS, &secret) == 0 &&
	    scram_secret_print(&secret, dst, dstsize) != -1)
		ret = 0;
	else
		warnx("cannot make a secret of that password");
	explicit_bzero(&secret, sizeof(secret));
	return ret;
}
