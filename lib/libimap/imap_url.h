/*
 * imap URLs of a message or a part of one (RFC 5092, 4467, 5550): what CATENATE
 * and URLFETCH name.
 */
#ifndef IMAP_URL_H
#define IMAP_URL_H

#include <stdint.h>

#include "libimap/imap_section.h"

#define IMAP_URL_MAX	1900	/* bytes; longer ones are not looked at */

enum imap_url_access {
	IMAP_URL_NONE,		/* no ;URLAUTH= */
	IMAP_URL_SUBMIT,	/* submit+user */
	IMAP_URL_USER,		/* user+user */
	IMAP_URL_AUTHUSER,
	IMAP_URL_ANONYMOUS
};

/* Texts are decoded; p is NULL where there is none. */
struct imap_url {
	struct span	 user, host;	/* of an absolute one */
	struct span	 mailbox;	/* inner form; NULL: the selected one */
	uint32_t	 uidvalidity;	/* 0: none */
	uint32_t	 uid;
	struct imap_section section;	/* of all, where none is named */
	uint8_t		 partial;
	uint32_t	 off, len;	/* len 0: to the end */
	uint8_t		 expires;
	int64_t		 expire;	/* UTC */
	uint8_t		 access;	/* enum imap_url_access */
	struct span	 grantee;	/* submit+, user+ */
	struct span	 rump;		/* as written, up to the access */
	struct span	 mech, token;	/* after it; NULL: not authorised */
};

/* 0; -1: no such URL, or memory. */
int	imap_url_parse(struct imap_arena *, struct span, struct imap_url *);

#endif
