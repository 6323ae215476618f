/*
 * Somebody who has connected to a worker: what the sessions of all protocols
 * have in common, from accept(2) to the last close.  A session is a struct
 * that begins with a struct caller; what its protocol says and does stands in
 * struct caller_proto.
 */
#ifndef CALLER_H
#define CALLER_H

#include <sys/queue.h>

#include <stdint.h>

#include "conf.h"
#include "conn.h"
#include "login.h"
#include "msg.h"

struct caller;
struct ctlrow;
struct proc_from;
struct tls;

enum caller_state {
	CALLER_LOOKUP,		/* may he, is asked of lookup: the first */
	CALLER_TLS,		/* in a handshake */
	CALLER_OPEN
};

/* Counters are literals, see proc_count_add. */
struct caller_proto {
	size_t		 size;		/* of the session */
	enum proc_id	 proc;		/* whose sessions they are */
	enum proc_id	 keeper;	/* who hears of his login, by a grant */
	uint8_t		 service;	/* enum msg_service */
	uint8_t		 asks_queue;	/* that knows of him without a login */
	uint8_t		 needs_lookup;	/* without it nobody comes in */
	uint8_t		 by_account;	/* counts so, and not by his
					 * address, once he is logged in */
	uint8_t		 mech_login;	/* AUTH LOGIN is offered */
	size_t		 inmax, outmax;	/* bytes; outmax 0: what conn.h says */
	const char	*busy;		/* too many callers: the whole line */
	const char	*n_sessions, *n_tls, *n_timeouts, *n_logins,
			*n_refused;

	void	(*begin)(struct caller *, const struct conf_listen *);
	void	(*greet)(struct caller *);
	/* TLS is on: forget what was said before.  It goes on by itself. */
	void	(*secured)(struct caller *);
	/* READABLE, DRAINED, EOF (eof is set), ERROR, TIMEOUT, once open. */
	void	(*event)(struct caller *, enum conn_event);
	/* Say no, and close. */
	void	(*refuse)(struct caller *, int code, const char *text);
	void	(*gone)(struct caller *, enum proc_id);
	/* The server stops: close, now or after what is under way. */
	void	(*stop)(struct caller *);
	/* Free what the session holds, not itself. */
	void	(*end)(struct caller *);
	/* `show sessions': messages and state. */
	void	(*row)(struct caller *, struct ctlrow *);

	/* Of the login, see login.h. */
	void	(*challenge)(struct caller *, const void *, size_t);
	void	(*logged_in)(struct caller *);
	void	(*not_logged_in)(struct caller *, enum login_why,
		    const char *text, int close);
};

struct caller {
	uint64_t	 sid;
	TAILQ_ENTRY(caller) entry;
	const struct caller_proto *proto;
	struct conn	*conn;		/* NULL: hung up */
	uint8_t		 state;		/* enum caller_state */
	uint8_t		 kind;		/* enum conf_listen_kind */
	uint8_t		 eof;		/* he says no more */
	uint8_t		 greeted;
	uint8_t		 counted;	/* lookup counts him */
	uint8_t		 tls;
	uint32_t	 listener;
	uint32_t	 uid;		/* of a local one, else ~0 */
	uint32_t	 errors;
	struct addr	 addr;		/* family 0: local */
	uint64_t	 since;		/* ms */
	char		*rdns;		/* lookup has said; or NULL */
	char		*account;	/* auth has said: this one */
	struct login	 login;
};

/* For a process's struct proc_def. */
int	 caller_conf_check(struct conf *, char *err, size_t errsize);
void	 caller_conf_drop(struct conf *);
void	 caller_ctl(const struct proc_from *, const struct msg_ctl *);
void	 caller_on_connect(const struct proc_from *, const void *msg, int fd);
/* The new configuration is in force; from now on there may be callers. */
void	 caller_conf_use(struct conf *, void (*)(const struct conf_listen *,
	    int fd, const struct addr *, uint32_t uid));
/* Nobody is taken any more; proc_stopped when the last has gone. */
void	 caller_stop(void);
void	 caller_peer_gone(enum proc_id);

/* NULL with certificates missing; changes with a reload. */
struct tls *caller_tls(void);
const struct conf *caller_conf(void);
int	 caller_stopping(void);
size_t	 caller_count(const struct caller_proto *);

/* Takes the descriptor. */
void	 caller_accept(const struct caller_proto *, const struct conf_listen *,
	    int fd, const struct addr *, uint32_t uid);
/* Who has that id and speaks that protocol, or NULL. */
void	*caller_find(const struct caller_proto *, uint64_t sid);
/* Any protocol. */
struct caller *caller_any(uint64_t sid);
/* He may be heard: no handshake, no question at lookup or auth. */
int	 caller_open(const struct caller *);
/* No input is left: nobody calls back for it, nor again for its end. */
int	 caller_used_up(const struct caller *);
/* Has he made more mistakes than he may? */
int	 caller_nuisance(const struct caller *);
/* Begin the handshake, after what was written; may close. */
void	 caller_starttls(struct caller *);
/* The time that somebody has to log in: of silence, and in all. */
void	 caller_unknown(struct caller *);
/* Forget his login; who knew of it is told. */
void	 caller_forget(struct caller *);
/* He is logged in: see by_account. */
void	 caller_known(struct caller *);
/* Close after what was written, and free the session. */
void	 caller_close(struct caller *);
/* The same for one who has said that he is done, see conn_quit. */
void	 caller_quit(struct caller *);

#endif
