/*
 * What takes more than one message: transactions that are committed with other
 * sizes than they have, and changed after that; another's session, mailbox and
 * messages asked for with our own account's grant; answers of scan that are
 * nobody's, twice, of garbage, or missing.
 */
#include <sys/types.h>
#include <sys/mman.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "captive.h"
#include "libutil/log.h"

#define LATER_TICKS	200	/* between two plays */
#define SMTP_PLAYS	10
#define MAILBOXES	40	/* ids that are tried */

static unsigned	 ticks, turn, jobs;
static uint64_t	 sid = 0x2000000;
static int	 file = -1;		/* a body that we go on to change */
static uint32_t	 request;

/* Well formed: what the table has for it. */
static void
say(enum proc_id to, uint32_t type, const void *msg)
{
	(void)proc_send(to, 0, type, msg, -1);
}

static void
captive_gain(const char *what, uint64_t who)
{
	log_warnx("captive: has %s, sid=%llx turn=%u", what,
	    (unsigned long long)who, turn);
	state->gained++;
}

/* ---- smtp --------------------------------------------------------------- */

static void
smtp_begin(void)
{
	struct msg_env_from	 from = { .sid = ++sid, .txn = 1,
	    .flags = 0xffff, .uid = UINT32_MAX, .client = { .family = 4,
	    .bytes = { 203, 0, 113, 9 } }, .sender = "victim@example.test",
	    .helo = "x", .rdns = "", .envid = "" };
	struct msg_env_rcpt	 rcpt = { .sid = sid, .txn = 1, .orcpt = "",
	    .rcpt = "attacker@example.test" };

	if (turn % SMTP_PLAYS == 0) {
		/* As a client that has logged in, which none has. */
		rcpt.rcpt = "somebody@elsewhere.test";
	} else
		from.flags = 0;
	say(PROC_QUEUE, M_ENV_FROM, &from);
	say(PROC_QUEUE, M_ENV_RCPT, &rcpt);
}

static void
smtp_commit(uint64_t size)
{
	struct msg_env_commit	 m = { .sid = sid, .txn = 1, .size = size };

	say(PROC_QUEUE, M_ENV_COMMIT, &m);
}

/* The body's descriptor has come. */
static void
smtp_body(int fd)
{
	static const char	 text[] = "Subject: x\r\n\r\nbody\r\n";
	struct msg_env_spill	 spill = { .sid = sid, .txn = 1 };
	struct msg_env_rcpt	 rcpt = { .sid = sid, .txn = 1, .n = 1,
	    .orcpt = "", .rcpt = "attacker@example.test" };
	ssize_t			 n = sizeof(text) - 1;

	captive_label("smtp play %u", turn % SMTP_PLAYS);
	if (write(fd, text, (size_t)n) != n)
		log_warn("body");
	switch (turn % SMTP_PLAYS) {
	case 1:		/* more than there is */
		smtp_commit(5000);
		break;
	case 2:		/* it shrinks meanwhile */
		smtp_commit((uint64_t)n);
		(void)!ftruncate(fd, 0);
		break;
	case 3:		/* a terabyte */
		(void)!ftruncate(fd, (off_t)1 << 40);
		smtp_commit((uint64_t)1 << 40);
		break;
	case 4:		/* mapped, so that it cannot be sealed */
		(void)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
		smtp_commit((uint64_t)n);
		break;
	case 5:		/* a file, which nobody can seal */
		say(PROC_QUEUE, M_ENV_SPILL, &spill);
		break;
	case 6:		/* committed twice */
		smtp_commit((uint64_t)n);
		smtp_commit((uint64_t)n);
		break;
	case 7:		/* a recipient that is too late */
		smtp_commit((uint64_t)n);
		say(PROC_QUEUE, M_ENV_RCPT, &rcpt);
		break;
	case 8:		/* and a file that is too late */
		smtp_commit((uint64_t)n);
		say(PROC_QUEUE, M_ENV_SPILL, &spill);
		break;
	case 9:		/* another one begun while this is on its way */
		smtp_commit((uint64_t)n);
		sid--;
		smtp_begin();
		break;
	}
	close(fd);
}

static void
smtp_spilled(int fd)
{
	static char	 text[300000];

	memset(text, 'x', sizeof(text));
	text[0] = '\n';
	if (write(fd, text, sizeof(text)) == -1)
		log_warn("body");
	smtp_commit(sizeof(text));
	/* While scan and store read it. */
	(void)!ftruncate(fd, 0);
	if (file != -1)
		close(file);
	file = fd;
}

static void
smtp_heard(uint32_t type, const void *msg, int fd)
{
	const struct msg_env_rcpt_r	*r = msg;

	if (type == M_ENV_RCPT_R) {
		if (turn % SMTP_PLAYS == 0 && r->sid == sid && r->code < 300)
			captive_gain("relay for somebody", r->sid);
		if (fd != -1 && r->sid == sid) {
			smtp_body(fd);
			return;
		}
	} else if (type == M_ENV_SPILL_R && fd != -1) {
		smtp_spilled(fd);
		return;
	}
	if (fd != -1)
		close(fd);
}

/* ---- imap --------------------------------------------------------------- */

static void
imap_login(void)
{
	static const char	 plain[] =
	    "\0attacker@example.test\0secret";
	struct msg_auth_start	 m = { .sid = CAPTIVE_SID,
	    .mech = MECH_PLAIN, .service = SERVICE_IMAP, .tls = 1,
	    .client = { .family = 4, .bytes = { 203, 0, 113, 9 } },
	    .has_initial = 1,
	    .initial = { plain, sizeof(plain) - 1 } };
	struct msg_auth_start	 bad = m;

	bad.sid = state->victim;
	/* Else auth does not listen to that address any more, some day. */
	bad.client.bytes[2] = (uint8_t)state->starts;
	bad.initial.len -= 2;
	say(PROC_AUTH, M_AUTH_START, &m);
	/* A wrong password, for a session of another worker's. */
	say(PROC_AUTH, M_AUTH_START, &bad);
}

/* All that can be asked of a mailbox. */
static void
imap_mailbox(uint64_t who, uint64_t mbox)
{
	/* 1:4294967295 */
	static const uint8_t	 all[] = { 0, 0, 0, 1, 0xff, 0xff, 0xff,
				    0xff };
	struct msg_blob		 uids = { all, sizeof(all) };
	struct msg_st_uids	 u = { .sid = who, .req = ++request,
				    .mbox = mbox };
	struct msg_st_sync	 y = { .sid = who, .req = ++request,
				    .mbox = mbox };
	struct msg_st_fetch	 f = { .sid = who, .req = ++request,
	    .mbox = mbox, .columns = 15, .length = UINT64_MAX,
	    .budget = 1 << 20, .uids = uids };
	struct msg_st_flags	 s = { .sid = who, .req = ++request,
	    .mbox = mbox, .flags = 0xff, .keywords = "stolen",
	    .unchangedsince = UINT64_MAX, .uids = uids };
	struct msg_st_expunge	 e = { .sid = who, .req = ++request,
				    .mbox = mbox };
	struct msg_st_copy	 c = { .sid = who, .req = ++request,
	    .mbox = mbox, .move = 1, .name = "INBOX", .uids = uids };

	say(PROC_STORE, M_ST_UIDS, &u);
	say(PROC_STORE, M_ST_SYNC, &y);
	say(PROC_STORE, M_ST_FETCH, &f);
	say(PROC_STORE, M_ST_FLAGS, &s);
	say(PROC_STORE, M_ST_COPY, &c);
	say(PROC_STORE, M_ST_EXPUNGE, &e);
}

/* With the sid of a session that another worker has. */
static void
imap_foreign(void)
{
	struct msg_st_list	 l = { .sid = state->victim,
				    .req = ++request, .flags = 1 };
	struct msg_st_select	 s = { .sid = state->victim,
				    .req = ++request, .name = "INBOX" };
	struct msg_st_mailbox	 d = { .sid = state->victim,
	    .req = ++request, .op = ST_DELETE, .name = "Archive",
	    .newname = "" };
	struct msg_session_end	 e = { .sid = state->victim };
	uint64_t		 mbox;

	say(PROC_STORE, M_ST_LIST, &l);
	say(PROC_STORE, M_ST_SELECT, &s);
	say(PROC_STORE, M_ST_MAILBOX, &d);
	for (mbox = 0; mbox < MAILBOXES; mbox++)
		imap_mailbox(state->victim, mbox);
	say(PROC_STORE, M_SESSION_END, &e);
	say(PROC_AUTH, M_SESSION_END, &e);
	say(PROC_QUEUE, M_SESSION_END, &e);
}

static void
imap_append(uint64_t who)
{
	struct msg_append_open	 m = { .sid = who, .txn = ++request,
				    .size = 20 };

	say(PROC_QUEUE, M_APPEND_OPEN, &m);
}

/* What may come for memory: a pipe, memory that we can still write to, and
 * what it should be, each with a length that is right or not. */
static int
own_memory(void)
{
	static char	*map = MAP_FAILED;
	int		 fd, p[2];

	/* That of the call before: by now it should be sealed. */
	if (map != MAP_FAILED) {
		memset(map, 'x', 20);
		munmap(map, 20);
	}
	map = MAP_FAILED;
	if (turn / 4 % 3 == 0 && pipe(p) == 0) {
		close(p[1]);
		return p[0];
	}
	if ((fd = memfd_create("own", MFD_CLOEXEC | MFD_ALLOW_SEALING)) == -1)
		return -1;
	if (write(fd, "Subject: stolen\r\n\r\n.", 20) != 20)
		log_warn("append");
	if (turn / 4 % 3 == 1)
		map = mmap(NULL, 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	return fd;
}

static void
imap_append_own(uint64_t who)
{
	struct msg_append_msg	 m = { .sid = who, .txn = ++request,
	    .size = turn % 2 ? 20 : 5000, .keywords = "" };
	struct msg_append_commit c = { .sid = who, .txn = m.txn,
	    .count = 1, .mailbox = "INBOX" };
	int			 fd;

	if ((fd = own_memory()) == -1)
		return;
	(void)proc_send(PROC_QUEUE, 0, M_APPEND_MSG, &m, fd);
	say(PROC_QUEUE, M_APPEND_COMMIT, &c);
}

static void
imap_append_opened(const struct msg_append_open_r *r, int fd)
{
	struct msg_append_msg	 m = { .sid = r->sid, .txn = r->txn,
	    .size = turn % 2 ? 20 : 5000, .keywords = "" };
	struct msg_append_commit c = { .sid = r->sid, .txn = r->txn,
	    .count = 1, .mailbox = "INBOX" };

	if (fd == -1)
		return;
	if (write(fd, "Subject: stolen\r\n\r\n.", 20) != 20)
		log_warn("append");
	say(PROC_QUEUE, M_APPEND_MSG, &m);
	(void)!ftruncate(fd, 0);
	say(PROC_QUEUE, M_APPEND_COMMIT, &c);
	close(fd);
}

/* A mark in what we got: that was the victim's. */
static void
look(const void *p, size_t len, int fd)
{
	static char	 data[1 << 20];
	ssize_t		 n = 0;

	if (fd != -1 && (n = pread(fd, data, sizeof(data), 0)) < 0)
		n = 0;
	if ((len > 0 && memmem(p, len, CAPTIVE_MARK,
	    strlen(CAPTIVE_MARK)) != NULL) || (n > 0 && memmem(data,
	    (size_t)n, CAPTIVE_MARK, strlen(CAPTIVE_MARK)) != NULL)) {
		log_warnx("captive: the victim's mail was read");
		state->leaks++;
	}
}

static void
imap_heard(uint32_t type, const void *msg, int fd)
{
	const struct msg_granted	*g = msg;
	const struct msg_append_r	*a = msg;
	const struct msg_st_fetch_r	*f = msg;
	const struct msg_st_list_r	*l = msg;
	const struct msg_st_select_r	*s = msg;

	switch (type) {
	case M_GRANTED:
		if (g->sid == CAPTIVE_SID && g->ok)
			state->granted = 1;
		else if (g->ok)
			captive_gain("a grant", g->sid);
		break;
	case M_APPEND_OPEN_R:
		imap_append_opened(msg, fd);
		return;
	case M_APPEND_R:
		if (a->sid == state->victim && a->code == ST_OK)
			captive_gain("an append", a->sid);
		break;
	case M_ST_SELECT_R:
	case M_ST_UIDS_R:
		if (s->sid == state->victim && s->code == ST_OK)
			captive_gain("a mailbox", s->sid);
		break;
	case M_ST_LIST_R:
		if (l->sid == state->victim)
			captive_gain("a list", l->sid);
		break;
	case M_ST_FETCH_R:
		look(f->rows.data, f->rows.len, fd);
		break;
	}
	if (fd != -1)
		close(fd);
}

static void
imap_play(void)
{
	switch (turn % 4) {
	case 0:
		imap_foreign();
		break;
	case 1:
		imap_append(state->victim);
		imap_append_own(state->victim);
		break;
	case 2:
		imap_append(CAPTIVE_SID);
		imap_append_own(CAPTIVE_SID);
		break;
	case 3:
		imap_mailbox(CAPTIVE_SID, turn / 4 % MAILBOXES);
		break;
	}
}

/* ---- scan --------------------------------------------------------------- */

static void
scan_job(const struct msg_scan *m)
{
	static char		 blob[MSG_BLOB];
	struct msg_scan_r	 r = { .cookie = m->cookie, .text = "",
	    .dkim_selector1 = "", .dkim_selector2 = "", .dkim_domain = "" };
	int			 fd = -1;

	captive_label("scan play %u", jobs % 12);
	memset(blob, 0xff, sizeof(blob));
	switch (jobs++ % 12) {
	case 0:		/* nobody's */
		r.cookie++;
		break;
	case 1:		/* garbage for a meta */
		arc4random_buf(blob, sizeof(blob));
		r.meta = (struct msg_blob){ blob, 9000 };
		break;
	case 2:		/* without one */
		break;
	case 3:		/* in a descriptor that is not sealed, or no memory */
	case 4:
	case 5:
		fd = fcntl(captive_fd(jobs), F_DUPFD_CLOEXEC, 0);
		break;
	case 6:		/* sealed garbage */
		fd = fcntl(captive_fd(1), F_DUPFD_CLOEXEC, 0);
		break;
	case 7:		/* header fields that end the header */
		r.prefix = (struct msg_blob){ "\r\n\r\nFrom: x\r\n\0", 14 };
		r.relay_prefix = (struct msg_blob){ blob, MSG_PREFIX };
		break;
	case 8:		/* another's signature */
		r.dkim_domain = "elsewhere.test";
		r.dkim_selector1 = "s";
		r.dkim_header1 = (struct msg_blob){ blob, MSG_DKIM };
		r.dkim_digest1 = (struct msg_blob){ blob, 32 };
		break;
	case 9:		/* twice */
		r.status = SCAN_TEMP;
		(void)proc_send(PROC_QUEUE, 0, M_SCAN_R, &r, -1);
		break;
	case 10:	/* a refusal without sense */
		r.status = SCAN_REFUSE;
		r.code = 65535;
		r.text = "250 2.0.0 Ok\r\n250 more";
		break;
	case 11:	/* or it dies of it */
		_exit(1);
	}
	(void)proc_send(PROC_QUEUE, 0, M_SCAN_R, &r, fd);
}

/* ---- all ---------------------------------------------------------------- */

void
captive_play(void)
{
	/* Not the same again after each death. */
	turn = state->starts;
	jobs = state->starts;
}

void
captive_play_tick(void)
{
	static int	 login;

	if (captive_me == PROC_IMAP && !login) {
		imap_login();
		login = 1;
	}
	if (file != -1)
		(void)!ftruncate(file, ticks % 2 ? 0 : 300000);
	if (ticks++ % LATER_TICKS != LATER_TICKS - 1)
		return;
	turn++;
	if (captive_me == PROC_SMTP)
		smtp_begin();
	else if (captive_me == PROC_IMAP && state->granted)
		imap_play();
}

void
captive_heard(const struct proc_from *from, uint32_t type, const void *msg,
    int fd)
{
	switch (captive_me) {
	case PROC_SMTP:
		smtp_heard(type, msg, fd);
		break;
	case PROC_IMAP:
		imap_heard(type, msg, fd);
		break;
	default:
		if (fd != -1)
			close(fd);
		if (type == M_SCAN)
			scan_job(msg);
		break;
	}
}
