/*
 * Paths and mailboxes (RFC 5321 4.1.2, 4.1.3, RFC 6531 3.3).  How odd forms
 * come out, so that nobody relays by mistake:
 *
 *	<user%other@here>	local `user%other', domain `here'
 *	<other!user@here>	local `other!user', domain `here'
 *	<"user@other"@here>	local `"user@other"', domain `here', QUOTED
 *	<@here:user@other>	local `user', domain `other', ROUTE
 *	<user@other@here>	a syntax error
 */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

/*
 * RFC 5321 4.5.3.1 says 64 and 255, in all 256.  Bounce addresses that carry
 * another one go past 64, so only the sum is held to 64 + 1 + 255.
 */
#define SMTP_PATH_LOCAL_MAX	128
#define SMTP_PATH_DOMAIN_MAX	255
#define SMTP_PATH_MAX		320
#define SMTP_PATH_ROUTE_MAX	1024

#define SMTP_PATH_NULL		0x01	/* <> */
#define SMTP_PATH_POSTMASTER	0x02	/* <postmaster>, no domain */
#define SMTP_PATH_QUOTED	0x04	/* local part came as "..." */
#define SMTP_PATH_ROUTE		0x08	/* had @a,@b: in front, ignored */
#define SMTP_PATH_LITERAL	0x10	/* domain is [...] */
#define SMTP_PATH_UTF8		0x20	/* has characters over 127 */

struct smtp_path {
	struct span	local;		/* as sent, with its quotes */
	struct span	domain;		/* as sent, with its brackets */
	uint8_t		flags;
};

#define SMTP_PATH_ALLOW_NULL		0x01
#define SMTP_PATH_ALLOW_POSTMASTER	0x02
#define SMTP_PATH_ALLOW_UTF8		0x04

enum smtp_path_error {
	SMTP_PATH_OK,
	SMTP_PATH_SYNTAX,
	SMTP_PATH_TOOLONG,
	SMTP_PATH_NEEDS_UTF8,	/* not ASCII, and not allowed to be otherwise */
	SMTP_PATH_BADUTF8
};

/* `<...>' at p; *used is its length with the brackets. */
enum smtp_path_error smtp_path_parse(struct smtp_path *, const char *p,
	    size_t len, int allow, size_t *used);
/* All of p as local@domain, without brackets or route. */
enum smtp_path_error smtp_mailbox_parse(struct smtp_path *, const char *p,
	    size_t len, int allow);

/*
 * The one form of an address inside maild: local part unquoted where that is
 * possible and with the fewest quotes where not, case kept; domain in lower
 * case and A-labels (RFC 5890); "" for the null path, "postmaster" for that.
 * The length, or -1: no valid domain, or dst too small (SMTP_PATH_MAX + 1
 * bytes are enough or the address is too long).
 */
int	smtp_path_canon(const struct smtp_path *, char *dst, size_t dstsize);
/* The local part without quotes and backslashes; length or -1. */
int	smtp_path_local(const struct smtp_path *, char *dst, size_t dstsize);
/* Write an unquoted local part, quoted where needed; length or -1. */
int	smtp_local_quote(struct span local, char *dst, size_t dstsize);
/*
 * A domain or address literal to its one form.  IDNA 2008 with the mapping of
 * UTS 46.  Length or -1.
 */
int	smtp_domain_canon(struct span, char *dst, size_t dstsize);
/*
 * The domain of a canonical address, "" when it has none: a pointer into it,
 * behind the last `@'.
 */
const char *smtp_address_domain(const char *);

#endif
