/*
 * The parent: starts, wires and restarts the others, and swaps the
 * configuration.  maild.c begins, parent_*.c go on.
 */
#ifndef PARENT_H
#define PARENT_H

#include <sys/time.h>
#include <sys/types.h>

#include <event.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "msg.h"
#include "proc.h"
#include "proc_local.h"
#include "proc_peer.h"

enum child_state {
	CHILD_DOWN,		/* not there; perhaps a restart is due */
	CHILD_STARTING,		/* it has not said yes to a configuration */
	CHILD_UP		/* configured and wired, soon ready */
};

struct child {
	enum proc_id	 id;
	unsigned	 inst;
	enum child_state state;
	pid_t		 pid;
	struct peer	*peer;
	int		 logfd;		/* its standard error */
	struct event	 evlog;
	char		 line[2048];
	size_t		 linelen;
	struct event	 evstart;	/* restart is due */
	uint64_t	 since;		/* ms, of the last start */
	unsigned	 restarts;
	unsigned	 backoff;	/* seconds, 0: none yet */
	uint8_t		 ready;		/* it serves */
	uint8_t		 asked;		/* of the pending configuration */
};

/* A configuration with all that goes with it, open. */
struct site {
	struct conf	*conf;
	int		 tables[4];	/* sealed, by enum conf_table */
	int		*keys;		/* certs, then dkims, in order */
	size_t		 nkeys;
};

struct parent {
	const char	*file;		/* -f */
	const char	*prefix;	/* -P */
	char		**macros;	/* -D */
	size_t		 nmacros;
	int		 debug;
	int		 booting;	/* until all have been up once */
	int		 stopping;
	struct site	*site;		/* in force */
	struct site	*next;		/* being checked by the children */
	struct proc_from next_from;	/* who asked, if next_cookie_set */
	uint32_t	 next_cookie;
	int		 next_asked;
	uint32_t	 generation;
};

extern struct parent	 parent;

/* maild.c */
const struct proc_def	*parent_def(enum proc_id);
/* All are up for the first time. */
void	parent_ready(void);
void	parent_exit(int) __attribute__((__noreturn__));

/* parent_users.c: who is who, and the directories */
struct proc_user {
	uid_t		 uid;
	gid_t		 gid;
};
/* fatal: no such user.  Not root: all are ourselves. */
void	users_init(void);
const struct proc_user *user_of(enum proc_id);
/* Where that process has its root.  In a static buffer. */
const char *user_root(const struct conf *, enum proc_id);
/* Make what is missing and look at what is there; fatal. */
void	dirs_init(const struct conf *);

/* parent_child.c */
void	children_start(void);
/* Reap the dead (SIGCHLD). */
void	children_reap(void);
void	children_stop(void);
struct child *child_find(enum proc_id, unsigned inst);
/* All that there are, in a fixed order; NULL to begin, NULL at the end. */
struct child *child_next(const struct child *);
/* It said yes to the configuration in force: wire it. */
void	child_up(struct child *);
void	child_kill(struct child *, const char *why);

/* parent_site.c */
struct site *site_load(void);	/* NULL: errors were reported */
void	site_free(struct site *);
/* Open the listeners, taking over those of the site in force.  -1: logged. */
int	site_listen(struct site *);
void	site_send(const struct site *, struct child *);
/* from NULL: a signal.  Answers when all is done. */
void	site_reload(const struct proc_from *, uint32_t cookie);
void	site_checked(struct child *, const struct msg_conf_check_r *);
/* A child that was asked died. */
void	site_child_gone(struct child *);
void	site_unlink_sockets(void);

/* parent_ctl.c */
void	parent_ctl(const struct proc_from *, const struct msg_ctl *);
void	parent_keygen_r(const struct msg_ctl_keygen_r *);
void	parent_keygen_gone(void);	/* crypto died */
void	parent_loglevel(int verbose);

/* notify.c: what systemd wants to hear, if anybody does */
void	notify(const char *state);

#endif
