/*
 * From a connection's bytes to commands.  The caller shows the parser all
 * input that it has not taken away yet, acts on the event, takes `used' bytes
 * away, and calls again until MORE.  Between commands nothing is held.
 */
#ifndef IMAP_PARSE_H
#define IMAP_PARSE_H

#include <stdint.h>

#include "libimap/imap_command.h"

#define IMAP_TAG_MAX	64	/* bytes; longer ones are refused */

struct imap_limits {
	size_t		line;	/* text between two literals */
	size_t		literal; /* one literal that is held in memory */
	size_t		total;	/* a command with its literals */
	size_t		memory;	/* of the parsed command, with its text */
	uint32_t	count;	/* literals in one command */
};

extern const struct imap_limits imap_limits_noauth;	/* 34 KB */
extern const struct imap_limits imap_limits_auth;	/* 64 KB */

enum imap_event_type {
	IMAP_EV_MORE,	/* nothing yet; used may be > 0 (skipping) */
	IMAP_EV_CONTINUE, /* write "+ OK": the client waits to send a literal */
	IMAP_EV_COMMAND, /* cmd is complete and the caller's to free; of an
			 * APPEND it is the end of the last segment */
	IMAP_EV_SEGMENT, /* cmd->u.append has parts, the last is a literal;
			 * cmd stays the parser's.  Answer with _accept (having
			 * written "+ OK" if literal.sync) or _refuse */
	IMAP_EV_DATA,	/* data: bytes of that literal, used == data.len;
			 * may come in any number of pieces */
	IMAP_EV_REFUSED, /* what _refuse began is skipped: now reply */
	IMAP_EV_LINE,	/* in line mode: data is the line without its end */
	IMAP_EV_BAD,	/* reply tag BAD why; used skips the command */
	IMAP_EV_TOOBIG,	/* the same: over a limit */
	IMAP_EV_NOMEM	/* as BAD, our fault: reply NO [UNAVAILABLE] */
};

struct imap_event {
	enum imap_event_type	 type;
	size_t			 used;
	struct imap_command	*cmd;
	struct span		 data;
	struct span		 tag;	/* BAD...: p NULL for `*'; valid until
					 * the next call */
	const char		*why;
	const struct imap_command_def *def; /* BAD..: if it was recognised */
};

struct imap_parser {
	const struct imap_limits *limits;
	struct imap_command	*cmd;	/* an APPEND between its segments */
	size_t			 scan;	/* bytes looked at */
	size_t			 line;	/* where the current line began */
	uint64_t		 left;	/* bytes of a literal to come */
	uint32_t		 count;	/* literals so far */
	uint8_t			 state;
	uint8_t			 lines;	/* line mode */
	uint8_t			 quoted; /* inside a quoted string */
	uint8_t			 sync;	/* the literal waits for a "+" */
	uint8_t			 verdict; /* event type to come after a skip */
	uint8_t			 taglen; /* 0: reply with `*' */
	char			 tag[IMAP_TAG_MAX];
	const char		*why;
	const struct imap_command_def *def;
};

void	imap_parser_init(struct imap_parser *, const struct imap_limits *);
void	imap_parser_free(struct imap_parser *);
/* From the next command on. */
void	imap_parser_limits(struct imap_parser *, const struct imap_limits *);
/* Lines instead of commands: during IDLE and AUTHENTICATE. */
void	imap_parser_lines(struct imap_parser *, int on);

void	imap_parser_next(struct imap_parser *, const void *, size_t,
	    struct imap_event *);

/* After IMAP_EV_SEGMENT: the bytes are wanted. */
void	imap_parser_accept(struct imap_parser *);
/*
 * They are not: 1 if the reply can go out at once (the client waits for the
 * "+" that it does not get), 0 if IMAP_EV_REFUSED comes first.  May also be
 * called amid the data.  The command is freed: keep its tag.
 */
int	imap_parser_refuse(struct imap_parser *);
/* Bytes of the literal that have still to come. */
uint64_t imap_parser_left(const struct imap_parser *);

#endif
