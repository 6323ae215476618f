/*
 * What every process is: forked and re-executed by the parent, wired to its
 * peers, dropped into its root and user, sandboxed, and then run in turns.
 *
 * Instances count from 0 here, and from 1 in what people read.  The current
 * directory is the process's own (the root after chroot, and the same place
 * when there is none, under -P without root): open files by relative paths.
 */
#ifndef PROC_H
#define PROC_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

struct conf;

/* Who sent the message in hand. */
struct proc_from {
	enum proc_id	proc;
	unsigned	inst;
};

/*
 * msg is the decoded struct of the type, fd the descriptor (-1: none), which
 * now is the handler's to close.
 */
typedef void (*proc_handler)(const struct proc_from *, const void *msg, int fd);

struct proc_dispatch {
	uint32_t	type;
	proc_handler	handler;
};

/* One for each process, in its main file; see proc_run. */
struct proc_def {
	enum proc_id	 id;
	const char	*promises;	/* sandbox.h */
	const struct proc_dispatch *dispatch;	/* ends with type M_MAX */

	/* As the user still is root and the file system whole: preload. */
	void	(*init)(void);
	/*
	 * A configuration came in.  check looks and prepares (0, or -1 with
	 * err); use makes it the one in force, drop throws it away.  The
	 * first one comes before the first message of a peer, and when all
	 * that are there are wired.  The struct lives until the next use.
	 */
	int	(*conf_check)(struct conf *, char *err, size_t errsize);
	void	(*conf_use)(struct conf *);
	void	(*conf_drop)(struct conf *);
	/* A descriptor of M_CONF_LISTEN, M_CONF_KEY; belongs to the new one. */
	void	(*conf_listen)(const struct msg_conf_listen *, int fd);
	void	(*conf_key)(const struct msg_conf_key *, int fd);
	/* After all messages that were waiting were handled: commit, send. */
	void	(*turn)(void);
	/* A peer died or came (back): drop its sessions; say what it missed. */
	void	(*peer_gone)(enum proc_id, unsigned inst);
	void	(*peer_here)(enum proc_id, unsigned inst);
	/* Finish what was begun, then call proc_stopped. */
	void	(*stop)(void);
	/*
	 * mailctl asks: send rows (ctlrow.h), then ctlrow_end, at once or
	 * later.  CTL_STATS is answered by proc.c: stats is called before,
	 * to set what is not counted as it happens.  NULL: no rows.
	 */
	void	(*ctl)(const struct proc_from *, const struct msg_ctl *);
	void	(*stats)(void);
};

/* Child's main loop; does not return. */
void	 proc_run(const struct proc_def *, int argc, char **argv)
	    __attribute__((__noreturn__));
void	 proc_stopped(void) __attribute__((__noreturn__));

/*
 * Send.  The descriptor (-1: none) is taken and closed in any case.  0, or -1
 * when that peer is not there just now (it died; the parent is restarting
 * it): the caller answers with a temporary error.
 */
int	 proc_send(enum proc_id, unsigned inst, uint32_t type, const void *msg,
	    int fd);
int	 proc_peer_up(enum proc_id, unsigned inst);
/*
 * What that worker (proc_is_worker) says makes no sense, in a way that the
 * table cannot see: log why, hear it no more, and have the parent end it.  The
 * handler tidies up and returns; peer_gone comes before the turn ends.  When
 * it is no worker we cannot do without it, nor believe it: fatal.
 */
void	 proc_bad(const struct proc_from *, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
/* Of those whom a client can reach, or who only carry out what we say. */
int	 proc_is_worker(enum proc_id);
unsigned proc_count(enum proc_id);	/* instances that are configured */
/* Bytes queued to a peer and not taken by it yet: slow down when large. */
size_t	 proc_backlog(enum proc_id, unsigned inst);

/* Counters for `show stats', at most 100; name is a literal. */
void	 proc_count_add(const char *name, uint64_t);
void	 proc_count_set(const char *name, uint64_t);

/* The descriptor of the blocking socketpair to crypto, or -1 (tlskey.c). */
int	 proc_sync_fd(void);
/* The event base, for libraries that ask; others use event_set and its kin. */
struct event_base *proc_base(void);

/* Milliseconds of CLOCK_MONOTONIC and seconds of the wall, of this turn. */
uint64_t proc_now_ms(void);
int64_t	 proc_time(void);

/*
 * A new id for a session or a message: unique in the process, never zero, not
 * to be guessed by others; later ones are greater.
 */
uint64_t proc_new_id(void);
#define PROC_IDLEN	14		/* with the NUL */
/* Its printed form, 13 characters of 0-9a-z without vowels that mislead. */
const char *proc_print_id(uint64_t, char *);
int	 proc_parse_id(const char *, uint64_t *);

extern const char *const proc_names[PROC_MAX];

#endif
