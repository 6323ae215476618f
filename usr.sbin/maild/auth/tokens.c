#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/tokens.h"
#include "libtable/taddr.h"

#define TOKENS	32
#define SECONDS	60	/* that one may be used */

static struct {
	char	 account[TADDR_MAX + 1];
	char	 token[TOKEN_LEN + 1];
	int64_t	 until;
} tokens[TOKENS];

static void
forget(int i)
{
	explicit_bzero(&tokens[i], sizeof(tokens[i]));
}

void
tokens_new(const char *account, int64_t now, char token[TOKEN_LEN + 1])
{
	uint8_t	 bytes[TOKEN_LEN / 2];
	int	 i, oldest = 0;

	for (i = 1; i < TOKENS; i++)
		if (tokens[i].until < tokens[oldest].until)
			oldest = i;
	arc4random_buf(bytes, sizeof(bytes));
	for (i = 0; i < TOKEN_LEN / 2; i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
	strlcpy(tokens[oldest].account, account,
	    sizeof(tokens[oldest].account));
	strlcpy(tokens[oldest].token, token, sizeof(tokens[oldest].token));
	tokens[oldest].until = now + SECONDS;
}

int
tokens_take(const char *account, const void *p, size_t len, int64_t now)
{
	int	 i, found = 0;

	if (len != TOKEN_LEN)
		return 0;
	for (i = 0; i < TOKENS; i++) {
		if (tokens[i].until == 0)
			continue;
		if (tokens[i].until < now)
			forget(i);
		else if (strcmp(tokens[i].account, account) == 0 &&
		    CRYPTO_memcmp(tokens[i].token, p, len) == 0) {
			forget(i);
			found = 1;
		}
	}
	return found;
}
