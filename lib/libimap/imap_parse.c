#include <string.h>

#include "libimap/imap_parse.h"

/* RFC 2971 3.3: an ID of 30 pairs of 30 and 1,024 octets must be taken. */
const struct imap_limits imap_limits_noauth = {
	34816, 4096, 36864, 65536, 8
};
const struct imap_limits imap_limits_auth = {
	65536, 65536, 262144, 1048576, 200
};

/* Enough to see "~{18446744073709551615+}\r\n" at the end of a skipped line. */
#define TAIL	40

enum parser_state {
	PS_COMMAND,		/* scanning a command, or a segment of one */
	PS_LITERAL,		/* amid a literal that is held in memory */
	PS_WAIT,		/* SEGMENT was said: accept or refuse? */
	PS_STREAM,		/* amid a literal that is handed on */
	PS_SKIP_LINE,		/* throwing away to the end of the command */
	PS_SKIP_LITERAL
};

void
imap_parser_init(struct imap_parser *p, const struct imap_limits *limits)
{
	memset(p, 0, sizeof(*p));
	p->limits = limits;
}

void
imap_parser_free(struct imap_parser *p)
{
	imap_command_free(p->cmd);
	p->cmd = NULL;
}

void
imap_parser_limits(struct imap_parser *p, const struct imap_limits *limits)
{
	p->limits = limits;
}

void
imap_parser_lines(struct imap_parser *p, int on)
{
	p->lines = on != 0;
}

/* What comes next begins at the first byte of the input. */
static void
parser_rewind(struct imap_parser *p, int state)
{
	p->state = (uint8_t)state;
	p->scan = p->line = 0;
	p->quoted = 0;
}

/* The command is over. */
static void
parser_reset(struct imap_parser *p)
{
	parser_rewind(p, PS_COMMAND);
	p->count = 0;
	p->left = 0;
}

static void
parser_drop(struct imap_parser *p)
{
	imap_command_free(p->cmd);
	p->cmd = NULL;
}

/*
 * Position after the next LF from `at' on, 0: there is none.  Follows quoted
 * strings, in which "{5}" is no literal; quoted stays as it was before the LF.
 */
static size_t
scan_line(struct imap_parser *p, const char *in, size_t at, size_t len)
{
	for (; at < len; at++) {
		if (in[at] == '\n')
			return at + 1;
		if (p->quoted == 2)
			p->quoted = 1;
		else if (in[at] == '"')
			p->quoted = !p->quoted;
		else if (in[at] == '\\' && p->quoted)
			p->quoted = 2;
	}
	return 0;
}

/* Keep what the reply to a command that failed will need. */
static void
keep_tag(struct imap_parser *p, struct span text, const char *why)
{
	struct span	tag;

	if (p->cmd != NULL) {
		tag = p->cmd->tag;
		p->def = p->cmd->def;
	} else
		imap_command_peek(text, &tag, &p->def);
	p->taglen = 0;
	if (tag.p != NULL && tag.len <= sizeof(p->tag)) {
		memcpy(p->tag, tag.p, tag.len);
		p->taglen = (uint8_t)tag.len;
	}
	p->why = why;
}

static void
say_verdict(struct imap_parser *p, struct imap_event *ev,
    enum imap_event_type type)
{
	ev->type = type;
	ev->def = p->def;
	ev->why = p->why;
	if (p->taglen > 0)
		ev->tag = (struct span){ p->tag, p->taglen };
	parser_drop(p);
	parser_reset(p);
}

static enum imap_event_type
verdict_of(enum codec r)
{
	return r == CODEC_TOOBIG ? IMAP_EV_TOOBIG : IMAP_EV_BAD;
}

/*
 * Skip to the end of the command.  ev->used bytes have been skipped already;
 * in and len are all of the input.
 */
static void
parser_skip(struct imap_parser *p, const char *in, size_t len,
    struct imap_event *ev)
{
	struct imap_literal	lit;
	size_t			n, end;

	for (;;) {
		if (p->state == PS_SKIP_LITERAL) {
			n = len - ev->used;
			if (n > p->left)
				n = (size_t)p->left;
			ev->used += n;
			p->left -= n;
			if (p->left > 0)
				return;
			parser_rewind(p, PS_SKIP_LINE);
		}
		end = scan_line(p, in, ev->used + p->scan, len);
		if (end == 0) {
			n = len - ev->used;
			ev->used += n > TAIL ? n - TAIL : 0;
			p->scan = len - ev->used;
			return;
		}
		if (p->quoted || !imap_literal_tail(in + ev->used,
		    end - ev->used, &lit) || lit.sync ||
		    lit.size == UINT64_MAX) {
			ev->used = end;
			say_verdict(p, ev, p->verdict);
			return;
		}
		ev->used = end;
		p->left = lit.size;
		parser_rewind(p, PS_SKIP_LITERAL);
	}
}

/* Begin to skip at byte `from', which the current line begins with. */
static void
skip_begin(struct imap_parser *p, const char *in, size_t len, size_t from,
    int state, enum imap_event_type verdict, struct imap_event *ev)
{
	p->verdict = (uint8_t)verdict;
	parser_drop(p);
	parser_rewind(p, state);
	ev->used = from;
	parser_skip(p, in, len, ev);
}

/* A command with a literal in it is not wanted. */
static void
refuse_literal(struct imap_parser *p, const char *in, size_t len,
    const struct imap_literal *lit, enum imap_event_type verdict,
    const char *why, struct imap_event *ev)
{
	size_t	end = p->scan;

	keep_tag(p, (struct span){ in, end }, why);
	if (lit->sync || lit->size == UINT64_MAX) {
		ev->used = end;
		say_verdict(p, ev, verdict);
		return;
	}
	p->left = lit->size;
	skip_begin(p, in, len, end, PS_SKIP_LITERAL, verdict, ev);
}

/*
 * A command from its text: NULL when memory is short.  The text is copied, so
 * that the input can be taken away.
 */
static struct imap_command *
command_make(struct imap_parser *p, struct span text, enum codec *r)
{
	struct imap_command	*cmd;

	if ((cmd = imap_command_new(p->limits->memory)) == NULL)
		return NULL;
	text = imap_arena_copy(&cmd->arena, text);
	if (text.p == NULL) {
		imap_command_free(cmd);
		return NULL;
	}
	*r = imap_command_parse(cmd, text);
	if (*r == CODEC_DONE && cmd->tag.len > IMAP_TAG_MAX) {
		cmd->why = "tag too long";
		*r = CODEC_BAD;
	}
	return cmd;
}

/*
 * At a literal, read what there is: is it a message (1), is the beginning good
 * (0), or is the command over (-1, and ev says so)?
 */
static int
try_prefix(struct imap_parser *p, const char *in, size_t len,
    const struct imap_literal *lit, struct imap_event *ev)
{
	struct span		 text = { in, p->scan };
	struct imap_command	*cmd = p->cmd;
	const char		*why;
	enum codec		 r;

	if (cmd != NULL)
		r = imap_command_segment(cmd, text);
	else if ((cmd = command_make(p, text, &r)) == NULL) {
		refuse_literal(p, in, len, lit, IMAP_EV_NOMEM,
		    "out of memory", ev);
		return -1;
	}
	if (r == CODEC_DONE) {
		p->cmd = cmd;
		return 1;
	}
	/* The line that a literal must follow is never a whole command. */
	why = cmd->why;
	if (cmd != p->cmd)
		imap_command_free(cmd);
	if (r == CODEC_MORE)
		return 0;
	refuse_literal(p, in, len, lit, verdict_of(r), why, ev);
	return -1;
}

static void
say_segment(struct imap_parser *p, const struct imap_literal *lit,
    struct imap_event *ev)
{
	ev->type = IMAP_EV_SEGMENT;
	ev->cmd = p->cmd;
	ev->used = p->scan;
	p->left = lit->size;
	p->sync = lit->sync;
	parser_rewind(p, PS_WAIT);
}

/* 1: go on with the literal's bytes; 0: ev is filled in. */
static int
at_literal(struct imap_parser *p, const char *in, size_t len,
    const struct imap_literal *lit, struct imap_event *ev)
{
	const struct imap_command_def	*def;
	struct span			 tag;
	int				 stream;

	if (p->cmd != NULL)
		stream = 1;
	else {
		imap_command_peek((struct span){ in, p->scan }, &tag, &def);
		stream = def != NULL && (def->flags & IMAP_CF_STREAM) != 0;
	}
	/* A client that waits is told at once when there is no use. */
	if (stream || lit->sync) {
		switch (try_prefix(p, in, len, lit, ev)) {
		case -1:
			return 0;
		case 1:
			say_segment(p, lit, ev);
			return 0;
		}
	}
	if (lit->size > p->limits->literal ||
	    lit->size > p->limits->total - p->scan ||
	    ++p->count > p->limits->count) {
		refuse_literal(p, in, len, lit, IMAP_EV_TOOBIG,
		    "literal too large", ev);
		return 0;
	}
	p->left = lit->size;
	p->state = PS_LITERAL;
	p->quoted = 0;
	if (lit->sync) {
		ev->type = IMAP_EV_CONTINUE;
		return 0;
	}
	return 1;
}

static void
at_end(struct imap_parser *p, const char *in, struct imap_event *ev)
{
	struct span		 text = { in, p->scan };
	struct imap_command	*cmd = p->cmd;
	enum codec		 r;

	ev->used = p->scan;
	if (cmd != NULL)
		r = imap_command_segment(cmd, text);
	else if ((cmd = command_make(p, text, &r)) == NULL) {
		keep_tag(p, text, "out of memory");
		say_verdict(p, ev, IMAP_EV_NOMEM);
		return;
	}
	if (r == CODEC_DONE) {
		ev->type = IMAP_EV_COMMAND;
		ev->cmd = cmd;
		p->cmd = NULL;
		parser_reset(p);
		return;
	}
	p->cmd = cmd;
	keep_tag(p, text, cmd->why);
	say_verdict(p, ev, verdict_of(r));
}

static void
next_line(struct imap_parser *p, const char *in, size_t len,
    struct imap_event *ev)
{
	size_t	end;

	end = scan_line(p, in, p->scan, len);
	if (end == 0 && len <= p->limits->line) {
		p->scan = len;
		return;
	}
	if (end == 0 || end > p->limits->line) {
		p->taglen = 0;
		p->def = NULL;
		p->why = "line too long";
		/* No literals here: a quote keeps them from being seen. */
		if (end != 0) {
			ev->used = end;
			say_verdict(p, ev, IMAP_EV_TOOBIG);
		} else {
			p->verdict = IMAP_EV_TOOBIG;
			parser_rewind(p, PS_SKIP_LINE);
			parser_skip(p, in, len, ev);
		}
		return;
	}
	ev->type = IMAP_EV_LINE;
	ev->used = end--;
	if (end > 0 && in[end - 1] == '\r')
		end--;
	ev->data = (struct span){ in, end };
	parser_reset(p);
}

static void
next_command(struct imap_parser *p, const char *in, size_t len,
    struct imap_event *ev)
{
	struct imap_literal	lit;
	size_t			n, end;

	for (;;) {
		if (p->state == PS_LITERAL) {
			n = len - p->scan;
			if (n > p->left)
				n = (size_t)p->left;
			p->scan += n;
			p->left -= n;
			if (p->left > 0)
				return;
			p->state = PS_COMMAND;
			p->line = p->scan;
		}
		end = scan_line(p, in, p->scan, len);
		p->scan = end == 0 ? len : end;
		if (p->scan - p->line > p->limits->line ||
		    p->scan > p->limits->total) {
			keep_tag(p, (struct span){ in, p->scan },
			    "command line too long");
			skip_begin(p, in, len, p->line, PS_SKIP_LINE,
			    IMAP_EV_TOOBIG, ev);
			return;
		}
		if (end == 0)
			return;
		if (p->quoted || !imap_literal_tail(in + p->line,
		    p->scan - p->line, &lit)) {
			at_end(p, in, ev);
			return;
		}
		if (!at_literal(p, in, len, &lit, ev))
			return;
	}
}

static void
next_data(struct imap_parser *p, const char *in, size_t len,
    struct imap_event *ev)
{
	if (len > p->left)
		len = (size_t)p->left;
	if (len == 0)
		return;
	ev->type = IMAP_EV_DATA;
	ev->data = (struct span){ in, len };
	ev->used = len;
	p->left -= len;
	if (p->left == 0)
		parser_rewind(p, PS_COMMAND);
}

void
imap_parser_next(struct imap_parser *p, const void *data, size_t len,
    struct imap_event *ev)
{
	const char	*in = data;

	memset(ev, 0, sizeof(*ev));
	ev->type = IMAP_EV_MORE;
	switch (p->state) {
	case PS_WAIT:
		return;
	case PS_STREAM:
		next_data(p, in, len, ev);
		return;
	case PS_SKIP_LINE:
	case PS_SKIP_LITERAL:
		parser_skip(p, in, len, ev);
		return;
	default:
		if (p->lines)
			next_line(p, in, len, ev);
		else
			next_command(p, in, len, ev);
	}
}

void
imap_parser_accept(struct imap_parser *p)
{
	if (p->state != PS_WAIT)
		return;
	parser_rewind(p, p->left > 0 ? PS_STREAM : PS_COMMAND);
}

int
imap_parser_refuse(struct imap_parser *p)
{
	int	now = p->state == PS_WAIT && p->sync;

	if (p->cmd != NULL)
		keep_tag(p, SPAN_NONE, NULL);
	/* Those that were looked at are still in the input. */
	if (p->state == PS_LITERAL)
		p->left += p->scan;
	parser_drop(p);
	if (now) {
		parser_reset(p);
		return 1;
	}
	p->verdict = IMAP_EV_REFUSED;
	parser_rewind(p, p->left > 0 ? PS_SKIP_LITERAL : PS_SKIP_LINE);
	return 0;
}

uint64_t
imap_parser_left(const struct imap_parser *p)
{
	return p->left;
}
