/* One command line of a client (RFC 1939, 2449, 5034, 6856), taken apart. */
#ifndef POP3_COMMAND_H
#define POP3_COMMAND_H

#include <stdint.h>

#include "libutil/span.h"

enum pop3_verb {
	POP3_APOP,
	POP3_AUTH,
	POP3_CAPA,
	POP3_DELE,
	POP3_LANG,
	POP3_LIST,
	POP3_NOOP,
	POP3_PASS,
	POP3_QUIT,
	POP3_RETR,
	POP3_RSET,
	POP3_STAT,
	POP3_STLS,
	POP3_TOP,
	POP3_UIDL,
	POP3_USER,
	POP3_UTF8,
	POP3_UNKNOWN,
	POP3_NVERBS
};

#define POP3_MECH_MAX	20

struct pop3_command {
	enum pop3_verb	verb;
	/* what the verb calls for; spans point into the line */
	struct span	text;		/* USER, PASS; LANG: p NULL, none */
	int		has_number;	/* LIST, UIDL: one was given */
	uint32_t	number;		/* a message; 0: no message has it */
	uint32_t	lines;		/* TOP */
	struct span	mech;		/* AUTH; p NULL: none */
	struct span	initial;	/* AUTH: base64, `='; p NULL: none */
};

/*
 * Parse a line without its line end.  NULL: it is a good command; else the
 * text of the -ERR to give, with verb set as far as it was understood.
 *
 * All that follows "PASS " is the password, spaces too (RFC 1939 7).  Numbers
 * that are too large for us become UINT32_MAX: no message has that one.
 */
const char	*pop3_command_parse(struct pop3_command *, struct span line);
const char	*pop3_verb_name(enum pop3_verb);

#endif
