/*
 * imapload: many IMAP sessions.
 *
 *	imapload [-RTX] [-A addresses] [-b mailbox] [-c sessions] [-d seconds]
 *	    [-j logins-at-once] [-n count] [-p password] [-s size] [-S seed]
 *	    [-u users] [-U user] mode target [command ...]
 *
 * Modes:
 *	login		-n logins in all, each on a connection of its own
 *	handshake	-n TLS handshakes in all (or connections with greeting)
 *	run		each session selects -b and gives the commands in
 *			turn, -n rounds; a line of figures for each command
 *	append		-n messages of -s octets in all, to -b
 *	idle		-c sessions select -b and IDLE; prints "ready" and
 *			stays for -d seconds or until SIGTERM
 *	wake		as idle; then -n messages are appended one by one, and
 *			the time until the last session knows is printed
 *
 * The user's %u becomes a number from 0 to users - 1.  -T is STARTTLS, -X TLS
 * from the start, and -R resumes TLS sessions.  -A: connections come from so
 * many addresses 127.0.0.x.
 */
#include <err.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "imapload.h"

enum step { I_GREET, I_TLS, I_LOGIN, I_SELECT, I_COMMAND, I_LOGOUT, I_CLOSED };

struct want	 want = {
	.sessions = 1, .users = 1, .together = 200, .count = 1, .size = 4096,
	.seed = 1, .user = "you@example.test", .password = "secret",
	.mailbox = "INBOX"
};
struct isession	*sessions;

static const struct mode *mode;
static unsigned int	 nstarted, alive, logging;
static uint64_t		 ndone, nbegun;
static struct lat	*lats;
static uint64_t		*octets;
static double		 begin;
static char		*message;
static size_t		 messagelen;

static void	session_line(struct lconn *, char *, size_t);
static void	session_up(struct lconn *);
static void	session_down(struct lconn *, const char *);

void
imap_stop(void)
{
	event_base_loopbreak(load_base);
}

static void
session_init(struct isession *s, unsigned int i)
{
	memset(s, 0, sizeof(*s));
	s->number = i;
	s->conn.arg = s;
	s->conn.fd = -1;
	s->conn.literals = 1;
	s->conn.up = session_up;
	s->conn.line = session_line;
	s->conn.down = session_down;
}

struct isession *
isession_extra(void)
{
	struct isession	*s;

	if ((s = malloc(sizeof(*s))) == NULL)
		err(1, NULL);
	session_init(s, 0);
	return s;
}

void
isession_start(struct isession *s)
{
	s->step = I_GREET;
	s->secured = s->ready = 0;
	s->started = load_usec();
	s->conn.nread = 0;
	if (load_connect(&s->conn, want.tls == LOAD_TLS ? LOAD_TLS :
	    LOAD_PLAIN) == -1)
		err(1, "connect");
}

/* Not all at once: a server's backlog is a number too. */
static void
start_more(void)
{
	while (nstarted < want.sessions && logging < want.together) {
		logging++;
		isession_start(&sessions[nstarted++]);
	}
}

void
isession_command(struct isession *s, const char *fmt, ...)
{
	char	 line[4096];
	va_list	 ap;
	int	 n, m;

	n = snprintf(s->tag, sizeof(s->tag), "a%u", s->ntag++);
	memcpy(line, s->tag, (size_t)n);
	line[n++] = ' ';
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 2, fmt, ap);
	va_end(ap);
	if (m < 0 || (size_t)(n + m) >= sizeof(line) - 2)
		errx(1, "a command is too long");
	memcpy(line + n + m, "\r\n", 2);
	s->started = load_usec();
	s->nread = s->conn.nread;
	load_write(&s->conn, line, (size_t)(n + m) + 2);
}

static void
send_login(struct isession *s)
{
	const char	*p = strstr(want.user, "%u");
	char		 user[512];

	if (p == NULL)
		snprintf(user, sizeof(user), "%s", want.user);
	else
		snprintf(user, sizeof(user), "%.*s%u%s",
		    (int)(p - want.user), want.user, s->number % want.users,
		    p + 2);
	s->step = I_LOGIN;
	isession_command(s, "LOGIN %s %s", user, want.password);
}

static void
session_ready(struct isession *s)
{
	s->step = I_COMMAND;
	s->ready = 1;
	if (logging > 0)
		logging--;
	if (mode->ready != NULL)
		mode->ready(s);
	start_more();
}

static void
session_ok(struct isession *s)
{
	switch (s->step) {
	case I_TLS:
		load_starttls(&s->conn);
		break;
	case I_LOGIN:
		if (mode->select) {
			s->step = I_SELECT;
			isession_command(s, "SELECT %s", want.mailbox);
			break;
		}
		/* FALLTHROUGH */
	case I_SELECT:
		session_ready(s);
		break;
	case I_COMMAND:
		if (mode->done != NULL)
			mode->done(s);
		break;
	default:
		break;
	}
}

static void
session_up(struct lconn *c)
{
	struct isession	*s = c->arg;

	if (s->step == I_TLS)
		send_login(s);
}

static void
session_greeted(struct isession *s)
{
	if (strcmp(mode->name, "handshake") == 0) {
		session_ready(s);
		return;
	}
	if (want.tls == LOAD_STARTTLS && !s->secured) {
		s->secured = 1;
		s->step = I_TLS;
		isession_command(s, "STARTTLS");
	} else
		send_login(s);
}

static void
session_line(struct lconn *c, char *line, size_t len)
{
	struct isession	*s = c->arg;
	size_t		 n = strlen(s->tag);

	if (s->step == I_GREET) {
		if (strncasecmp(line, "* OK", 4) != 0)
			errx(1, "session %u: %s", s->number, line);
		session_greeted(s);
		return;
	}
	if (line[0] == '+') {
		if (mode->plus != NULL && s->step == I_COMMAND)
			mode->plus(s);
		return;
	}
	if (line[0] == '*') {
		if (strncasecmp(line, "* BYE", 5) == 0 && s->step != I_LOGOUT)
			errx(1, "session %u: %s", s->number, line);
		if (s->ready && mode->data != NULL)
			mode->data(s, line);
		return;
	}
	/* Lines after a literal go on with what came before it. */
	if (n == 0 || strncmp(line, s->tag, n) != 0 || line[n] != ' ')
		return;
	if (strncasecmp(line + n + 1, "OK", 2) != 0)
		errx(1, "session %u, step %d: %s", s->number, s->step, line);
	session_ok(s);
}

static void
session_down(struct lconn *c, const char *why)
{
	struct isession	*s = c->arg;

	if (s->step != I_LOGOUT)
		errx(1, "session %u, step %d: %s", s->number, s->step, why);
	s->step = I_CLOSED;
	if (mode->gone != NULL)
		mode->gone(s);
}

/* login and handshake: a connection each */

static void
storm_begin(void)
{
	nbegun = want.sessions;
}

static void
storm_done(struct isession *s)
{
	s->step = I_CLOSED;
	load_close(&s->conn);
	if (++ndone == want.count)
		imap_stop();
	if (nbegun < want.count) {
		nbegun++;
		isession_start(s);
	}
}

static void
login_ready(struct isession *s)
{
	/* From the connection on would count the line twice. */
	lat_add(&lats[0], load_usec() - s->started);
	s->step = I_LOGOUT;
	isession_command(s, "LOGOUT");
}

static void
handshake_ready(struct isession *s)
{
	lat_add(&lats[0], load_usec() - s->started);
	storm_done(s);
}

static void
storm_end(double t)
{
	printf("%s=%llu seconds=%.3f rate=%.0f", mode->name,
	    (unsigned long long)ndone, t, (double)ndone / t);
	lat_print(&lats[0]);
	printf(" resumed=%llu cpu=%u%%\n", (unsigned long long)load_resumed(),
	    load_cpu());
}

/* run: commands in turn */

static void
run_next(struct isession *s)
{
	isession_command(s, "%s", want.commands[s->command]);
}

static void
run_done(struct isession *s)
{
	lat_add(&lats[s->command], load_usec() - s->started);
	octets[s->command] += s->conn.nread - s->nread;
	if (++s->command == (unsigned int)want.ncommands) {
		s->command = 0;
		if (++s->round == want.count) {
			if (--alive == 0)
				imap_stop();
			return;
		}
	}
	run_next(s);
}

static void
run_end(double t)
{
	int	 i;

	for (i = 0; i < want.ncommands; i++) {
		printf("n=%zu octets=%llu first_us=%u", lats[i].n,
		    (unsigned long long)(octets[i] / lats[i].n),
		    lats[i].us[0]);
		lat_print(&lats[i]);
		printf(" cpu=%u%%", load_cpu());
		printf(" command=%s\n", want.commands[i]);
	}
}

/* append */

char *
imap_message(size_t *len)
{
	static const char	 head[] = "From: Load <load@example.test>\r\n"
	    "To: you@example.test\r\nSubject: appended\r\n"
	    "Date: Mon, 5 Oct 2026 12:34:56 +0000\r\n"
	    "Message-ID: <appended@load.test>\r\n\r\n";
	size_t			 n, body;
	char			*text, *p;

	n = sizeof(head) - 1;
	text = load_text(want.size > n + 10 ? want.size - n : 10, want.seed,
	    &body);
	if ((p = malloc(n + body + 3)) == NULL)
		err(1, NULL);
	memcpy(p, head, n);
	memcpy(p + n, text, body);
	/* The end of the command's line goes with it. */
	memcpy(p + n + body, "\r\n", 3);
	free(text);
	*len = n + body;
	return p;
}

static void
append_begin(void)
{
	message = imap_message(&messagelen);
}

static void
append_next(struct isession *s)
{
	if (nbegun == want.count)
		return;
	nbegun++;
	isession_command(s, "APPEND %s {%zu}", want.mailbox, messagelen);
}

static void
append_plus(struct isession *s)
{
	load_write(&s->conn, message, messagelen + 2);
}

static void
append_done(struct isession *s)
{
	lat_add(&lats[0], load_usec() - s->started);
	if (++ndone == want.count)
		imap_stop();
	append_next(s);
}

static const struct mode modes[] = {
	{ "login", 0, storm_begin, login_ready, NULL, NULL, NULL, storm_done,
	    storm_end },
	{ "handshake", 0, storm_begin, handshake_ready, NULL, NULL, NULL,
	    NULL, storm_end },
	{ "run", 1, NULL, run_next, run_done, NULL, NULL, NULL, run_end },
	{ "append", 0, append_begin, append_next, append_done, append_plus,
	    NULL, NULL, storm_end }
};

static void
find_mode(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, name) == 0)
			mode = &modes[i];
	if (strcmp(name, "idle") == 0)
		mode = &mode_idle;
	if (strcmp(name, "wake") == 0)
		mode = &mode_wake;
	if (mode == NULL)
		errx(1, "no such mode: %s", name);
}

static unsigned int
option_count(const char *what)
{
	return (unsigned int)load_number(optarg, what, 10000000);
}

static void
options(int argc, char *argv[])
{
	int	 ch;

	while ((ch = getopt(argc, argv, "RTXA:b:c:d:j:n:p:s:S:u:U:")) != -1)
		switch (ch) {
		case 'R': load_resume(); break;
		case 'T': want.tls = LOAD_STARTTLS; break;
		case 'X': want.tls = LOAD_TLS; break;
		case 'A': load_sources(option_count("-A")); break;
		case 'b': want.mailbox = optarg; break;
		case 'c': want.sessions = option_count("-c"); break;
		case 'd': want.duration = atof(optarg); break;
		case 'j': want.together = option_count("-j"); break;
		case 'n': want.count = option_count("-n"); break;
		case 'p': want.password = optarg; break;
		case 's': want.size = option_count("-s"); break;
		case 'S': want.seed = option_count("-S"); break;
		case 'u': want.users = option_count("-u"); break;
		case 'U': want.user = optarg; break;
		default:
			errx(1, "see the top of imapload.c");
		}
	argc -= optind;
	argv += optind;
	if (argc < 2 || want.sessions == 0 || want.users == 0 ||
	    want.count == 0)
		errx(1, "see the top of imapload.c");
	find_mode(argv[0]);
	load_target(argv[1]);
	want.commands = argv + 2;
	want.ncommands = argc - 2;
	if (strcmp(argv[0], "run") == 0 && argc == 2)
		errx(1, "run: no commands");
	if ((strcmp(argv[0], "login") == 0 || strcmp(argv[0], "handshake") ==
	    0) && want.sessions > want.count)
		want.sessions = (unsigned int)want.count;
}

static void
stop(evutil_socket_t sig, short what, void *arg)
{
	imap_stop();
}

int
main(int argc, char *argv[])
{
	struct event	 term;
	unsigned int	 i;
	double		 t;

	options(argc, argv);
	load_init();
	if ((sessions = calloc(want.sessions, sizeof(*sessions))) == NULL ||
	    (lats = calloc((size_t)want.ncommands + 1, sizeof(*lats))) ==
	    NULL ||
	    (octets = calloc((size_t)want.ncommands + 1, sizeof(*octets))) ==
	    NULL)
		err(1, NULL);
	for (i = 0; i < want.sessions; i++)
		session_init(&sessions[i], i);
	alive = want.sessions;
	evsignal_assign(&term, load_base, SIGTERM, stop, NULL);
	event_add(&term, NULL);
	if (mode->begin != NULL)
		mode->begin();
	begin = load_now();
	start_more();
	event_base_dispatch(load_base);
	t = load_now() - begin;
	mode->end(t);
	return 0;
}
