/*
 * The server's side of SCRAM-SHA-256 and -PLUS (RFC 5802, RFC 7677), pure: the
 * nonce and the user's secret are given.
 */
#ifndef SASL_SCRAM_H
#define SASL_SCRAM_H

#include <stddef.h>
#include <stdint.h>

#include "libmailauth/scram.h"
#include "libutil/buf.h"

#define SASL_SCRAM_NAME		320
#define SASL_SCRAM_NONCE	256	/* the client's, at most */
#define SASL_SCRAM_BINDING	128

struct sasl_scram {
	struct buf	 first_bare;	/* client-first-message-bare */
	struct buf	 first_server;	/* server-first-message */
	struct buf	 cbind;		/* what c= must hold */
	char		 nonce[SASL_SCRAM_NONCE + 33];
	char		 name[SASL_SCRAM_NAME + 1];
	char		 authzid[SASL_SCRAM_NAME + 1];
	struct scram_secret secret;
	int		 fake;		/* no such user: fails at the end */
};

enum sasl_scram_result {
	SASL_SCRAM_OK,
	SASL_SCRAM_MALFORMED,
	SASL_SCRAM_BINDING_BAD,	/* or one side knows more than it says */
	SASL_SCRAM_WRONG	/* not the password */
};

void	sasl_scram_init(struct sasl_scram *);
void	sasl_scram_clear(struct sasl_scram *);
/*
 * The client's first message: fills in name and authzid.  plus: the mechanism
 * is -PLUS; binding is then the channel's tls-exporter data.  offered: -PLUS
 * was offered on this channel.
 */
enum sasl_scram_result sasl_scram_first(struct sasl_scram *, const char *,
	    size_t, int plus, int offered, const void *binding,
	    size_t bindinglen);
/* Our answer to it; nonce is 18 random bytes.  0, or -1: no memory. */
int	sasl_scram_challenge(struct sasl_scram *, const struct scram_secret *,
	    int fake, const uint8_t nonce[18], struct buf *out);
/* The client's last message; when OK, out gets ours. */
enum sasl_scram_result sasl_scram_final(struct sasl_scram *, const char *,
	    size_t, struct buf *out);

#endif
