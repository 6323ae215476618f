/*
 * sendmail(8) as programs know it: a message on standard input, recipients
 * on the command line or in its header.  Nothing here needs privileges.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "act.h"
#include "libmail/address.h"
#include "libmail/encword.h"
#include "libsmtp/smtp_client_state.h"
#include "libsmtp/smtp_param.h"
#include "libsmtp/smtp_path.h"
#include "message.h"
#include "rcpt.h"
#include "sendmail.h"
#include "site.h"
#include "submit.h"
#include "words.h"

/* Those with an argument that means nothing here are listed too. */
#define OPTIONS	"+A:B:b:C:D:d::e:F:f:Gh:iL:mM:N:nO:o:p:q::R:r:sTtUuV:vX:x"

enum mode { MODE_SEND, MODE_SMTP, MODE_QUEUE, MODE_ALIASES, MODE_NOTHING };

struct sendmail {
	enum mode	 mode;
	const char	*from;		/* -f, or NULL */
	const char	*name;		/* -F, or NULL */
	const char	*envid;
	uint8_t		 notify;
	uint32_t	 flags;
	int		 nodots;	/* -i: a lone dot is text */
	int		 header;	/* -t: recipients are there */
	int		 verbose;
};

static void __attribute__((__noreturn__))
usage(void)
{
	fprintf(stderr, "usage: sendmail [-itv] [-F name] [-f address] "
	    "[-N dsn] [-R full | hdrs]\n"
	    "           [-V id] [recipient ...]\n"
	    "       sendmail -bi | -bp | -bs\n");
	exit(EX_USAGE);
}

/* ---- options ------------------------------------------------------------ */

static enum mode
mode_of(const char *arg)
{
	switch (arg[0]) {
	case 'm':
		return MODE_SEND;
	case 's':
		return MODE_SMTP;
	case 'p':
		return MODE_QUEUE;
	case 'i':
	case 'I':
		return MODE_ALIASES;
	case 'd':
	case 'D':
		errx(EX_USAGE, "maild(8) is the daemon");
	default:
		errx(EX_USAGE, "-b%s: there is no such mode", arg);
	}
}

static uint8_t
notify_of(const char *arg)
{
	static const struct {
		const char	*name;
		uint8_t		 bit;
	} names[] = {
		{ "success", SMTP_NOTIFY_SUCCESS },
		{ "failure", SMTP_NOTIFY_FAILURE },
		{ "delay", SMTP_NOTIFY_DELAY }
	};
	char	*copy, *rest, *word;
	uint8_t	 bits = 0;
	size_t	 i;

	if (strcasecmp(arg, "never") == 0)
		return SMTP_NOTIFY_NEVER;
	if ((copy = rest = strdup(arg)) == NULL)
		err(EX_OSERR, NULL);
	while ((word = strsep(&rest, ",")) != NULL) {
		for (i = 0; i < 3 && strcasecmp(word, names[i].name) != 0; i++)
			;
		if (i == 3)
			errx(EX_USAGE, "-N %s: not never, nor a list of "
			    "success, failure and delay", arg);
		bits |= names[i].bit;
	}
	free(copy);
	return bits;
}

static uint32_t
ret_of(const char *arg)
{
	if (strcasecmp(arg, "full") == 0)
		return SMTP_TRANS_RET_FULL;
	if (strcasecmp(arg, "hdrs") == 0)
		return SMTP_TRANS_RET_HDRS;
	errx(EX_USAGE, "-R %s: neither full nor hdrs", arg);
}

static const char *
envid_of(const char *arg)
{
	size_t	 i;

	for (i = 0; arg[i] != '\0'; i++)
		if (arg[i] < '!' || arg[i] > '~')
			errx(EX_USAGE, "-V: only printable ASCII");
	if (i == 0 || i > SMTP_ENVID_MAX)
		errx(EX_USAGE, "-V: at most %d characters", SMTP_ENVID_MAX);
	return arg;
}

static void
options(struct sendmail *s, int argc, char **argv)
{
	int	 ch;

	while ((ch = getopt(argc, argv, OPTIONS)) != -1)
		switch (ch) {
		case 'b':
			s->mode = mode_of(optarg);
			break;
		case 'F':
			s->name = optarg;
			break;
		case 'f':
		case 'r':
			s->from = optarg;
			break;
		case 'i':
			s->nodots = 1;
			break;
		case 'N':
			s->notify = notify_of(optarg);
			break;
		case 'o':
			/* -oi is -i; the others are of another program. */
			if (strcmp(optarg, "i") == 0)
				s->nodots = 1;
			break;
		case 'q':
			/* The queue needs nobody to run it. */
			if (s->mode == MODE_SEND)
				s->mode = MODE_NOTHING;
			break;
		case 'R':
			s->flags = ret_of(optarg);
			break;
		case 't':
			s->header = 1;
			break;
		case 'V':
			s->envid = envid_of(optarg);
			break;
		case 'v':
			s->verbose = 1;
			break;
		case '?':
			usage();
		default:
			break;
		}
}

/* ---- who sends ---------------------------------------------------------- */

static const struct passwd *
user(void)
{
	struct passwd	*pw;

	if ((pw = getpwuid(getuid())) == NULL)
		errx(EX_NOUSER, "who are you?  There is no user %u",
		    (unsigned)getuid());
	return pw;
}

/* The reverse-path in its one form: what -f says, or user@host. */
static char *
sender(const struct sendmail *s, const char *hostname)
{
	struct rcpts	 r;
	struct span	 arg;
	char		*from = NULL;

	arg = span_of(s->from != NULL ? s->from : user()->pw_name);
	if (s->from != NULL && (arg.len == 0 || strcmp(s->from, "<>") == 0))
		from = strdup("");
	else {
		rcpts_init(&r, hostname);
		if (rcpts_add(&r, arg) == -1)
			err(EX_OSERR, NULL);
		if (r.n != 1 || r.bad != NULL)
			errx(EX_USAGE, "%.*s: not an address", (int)arg.len,
			    arg.p);
		from = strdup(r.v[0]);
		rcpts_free(&r);
	}
	if (from == NULL)
		err(EX_OSERR, NULL);
	return from;
}

/* The user's full name: the first part, where & is the login name. */
static void
gecos_name(struct buf *out)
{
	const struct passwd	*pw = user();
	const char		*p;

	for (p = pw->pw_gecos; *p != '\0' && *p != ','; p++) {
		if (*p != '&') {
			buf_addc(out, *p);
			continue;
		}
		buf_addc(out, toupper((unsigned char)pw->pw_name[0]));
		buf_addstr(out, pw->pw_name + 1);
	}
}

/* From: for a message without one (RFC 5322 3.6 wants it). */
static void
add_from(const struct sendmail *s, struct message *m, const char *from,
    const char *hostname)
{
	struct address	 a = { .kind = ADDRESS_MAILBOX };
	struct buf	 name, words, field;
	char		*self = NULL;
	size_t		 i;
	int		 e;

	if (*from == '\0') {
		/* A bounce comes from nobody; a header names somebody. */
		struct sendmail	 plain = *s;

		plain.from = NULL;
		from = self = sender(&plain, hostname);
	}
	buf_init(&name, 1024);
	buf_init(&words, 8192);
	buf_init(&field, 16384);
	if (s->name != NULL)
		buf_addstr(&name, s->name);
	else
		gecos_name(&name);
	for (i = 0; i < name.len; i++)
		if (name.data[name.off + i] < ' ')
			name.data[name.off + i] = ' ';
	a.name = (struct span){ (char *)buf_ptr(&name), name.len };
	e = buf_addstr(&field, m->has_resent ? "Resent-From: " : "From: ");
	if (name.len > 0 && encword_needed(a.name)) {
		/* Encoded words are not to be quoted. */
		e |= encword_encode(a.name, 6, &words);
		e |= buf_add(&field, buf_ptr(&words), words.len);
		e |= buf_addf(&field, " <%s>\n", from);
	} else {
		a.local.p = from;
		a.local.len = (size_t)(strrchr(from, '@') - from);
		a.domain = span_of(strrchr(from, '@') + 1);
		if (from[0] != '"')
			e |= address_print(&a, &field);
		else
			e |= buf_addf(&field, "<%s>", from);
		e |= buf_addc(&field, '\n');
	}
	e |= buf_addc(&field, '\0');
	if (e != 0 || message_prepend(m, (char *)buf_ptr(&field)) == -1)
		err(EX_OSERR, NULL);
	buf_free(&name);
	buf_free(&words);
	buf_free(&field);
	free(self);
}

/* ---- sending ------------------------------------------------------------ */

static int
send_message(const struct sendmail *s, const struct site *site,
    const char *path, int argc, char **argv)
{
	struct submission	 sub = { .helo = site->hostname };
	struct message		 m;
	struct rcpts		 rcpts;
	char			*from;
	int			 i, status;

	from = sender(s, site->hostname);
	rcpts_init(&rcpts, site->hostname);
	for (i = 0; i < argc; i++)
		if (rcpts_add(&rcpts, span_of(argv[i])) == -1)
			err(EX_OSERR, NULL);
	if (rcpts.n == 0 && rcpts.bad == NULL && !s->header)
		usage();
	if (message_read(&m, STDIN_FILENO, !s->nodots) == -1)
		err(errno == EMSGSIZE ? EX_DATAERR : EX_IOERR,
		    "cannot read the message");
	if (message_header(&m, s->header ? &rcpts : NULL) == -1)
		err(EX_OSERR, NULL);
	if (rcpts.bad != NULL)
		errx(EX_DATAERR, "%s: not an address; the message was sent "
		    "to nobody", rcpts.bad);
	if (rcpts.n == 0)
		errx(EX_DATAERR, "no recipients; the message was not sent");
	if (m.has_resent ? !m.has_resent_from : !m.has_from)
		add_from(s, &m, from, site->hostname);
	message_measure(&m);
	sub.from = from;
	sub.rcpts = rcpts.v;
	sub.nrcpts = rcpts.n;
	sub.envid = s->envid;
	sub.notify = s->notify;
	sub.flags = s->flags;
	sub.message = &m;
	sub.verbose = s->verbose;
	status = submit(path, &sub);
	message_free(&m);
	rcpts_free(&rcpts);
	free(from);
	return status;
}

static int
control(struct mailctl *ctl, int (*run)(struct mailctl *,
    const struct request *), const char *verb)
{
	struct request	 r = { .run = run, .verb = verb };

	ctl->socket = NULL;	/* that was the other one */
	return run(ctl, &r) == 0 ? EX_OK : EX_UNAVAILABLE;
}

int
sendmail_main(struct mailctl *ctl, int argc, char **argv)
{
	struct sendmail	 s = { .mode = MODE_SEND };
	struct site	*site;
	const char	*path;

	options(&s, argc, argv);
	/* -q with recipients is an old way to say: send it later. */
	if (s.mode == MODE_NOTHING && (argc > optind || s.header))
		s.mode = MODE_SEND;
	site = mailctl_site(ctl, 0);
	path = ctl->socket != NULL ? ctl->socket : site->local;
	switch (s.mode) {
	case MODE_SMTP:
		return submit_proxy(path);
	case MODE_QUEUE:
		return control(ctl, act_queue_list, "queue-list");
	case MODE_ALIASES:
		return control(ctl, act_simple, "reload");
	case MODE_NOTHING:
		return EX_OK;
	default:
		return send_message(&s, site, path, argc - optind,
		    argv + optind);
	}
}
