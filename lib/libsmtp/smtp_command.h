/* One command line of a client (RFC 5321 4.1.1), taken apart. */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "libsmtp/smtp_answer.h"
#include "libsmtp/smtp_param.h"
#include "libsmtp/smtp_path.h"
#include "libutil/span.h"

enum smtp_verb {
	SMTP_EHLO,
	SMTP_HELO,
	SMTP_LHLO,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BDAT,
	SMTP_RSET,
	SMTP_NOOP,
	SMTP_QUIT,
	SMTP_VRFY,
	SMTP_EXPN,
	SMTP_HELP,
	SMTP_STARTTLS,
	SMTP_AUTH,
	SMTP_FOREIGN,		/* HTTP and the like: hang up */
	SMTP_UNKNOWN,
	SMTP_NVERBS
};

#define SMTP_HELO_MAX	255
#define SMTP_MECH_MAX	20

struct smtp_command {
	enum smtp_verb		verb;
	struct span		arg;	/* all behind the verb, trimmed */
	/* what the verb calls for, pointing into the line */
	struct span		helo;	/* EHLO, HELO, LHLO: see below */
	struct smtp_path	path;	/* MAIL, RCPT */
	struct smtp_params	params;	/* MAIL, RCPT */
	uint64_t		bytes;	/* BDAT */
	int			last;	/* BDAT */
	struct span		mech;	/* AUTH */
	struct span		initial; /* AUTH: base64, `='; p NULL: none */
};

struct smtp_command_opts {
	uint32_t	params;		/* SMTP_PARAM_* that we take */
	int		utf8;		/* RCPT, VRFY: this mail has SMTPUTF8 */
};

/*
 * Parse a line without its CRLF.  NULL: it is a good command; else the answer
 * to give, with verb set as far as it was understood.  SMTP_UNKNOWN and
 * SMTP_FOREIGN always come with an answer.
 *
 * helo is checked to be letters, digits and `.-_:[]' only, so it can be
 * written into a header; it need not be a domain (RFC 5321 4.1.4 says not to
 * refuse mail for that).
 */
const struct smtp_answer *smtp_command_parse(struct smtp_command *,
	    struct span line, const struct smtp_command_opts *);

const char	*smtp_verb_name(enum smtp_verb);

#endif
