/* imapload's sessions, and the modes that are made of them. */
#ifndef IMAPLOAD_H
#define IMAPLOAD_H

#include "load.h"

struct isession {
	struct lconn	 conn;
	struct event	 again;
	unsigned int	 number;
	int		 secured;
	int		 step;		/* of the mode */
	int		 ready;		/* logged in, and selected */
	uint64_t	 started;
	uint64_t	 nread;		/* octets when the command began */
	unsigned int	 round;
	unsigned int	 command;
	int		 woken;
	char		 tag[16];
	unsigned int	 ntag;
};

/*
 * What a mode does: ready when a session is logged in and has selected the
 * mailbox, done when its command is answered with OK, plus on a "+", data on an
 * untagged line, gone after it closed.  NULL: nothing.
 */
struct mode {
	const char	*name;
	int		 select;
	void		(*begin)(void);
	void		(*ready)(struct isession *);
	void		(*done)(struct isession *);
	void		(*plus)(struct isession *);
	void		(*data)(struct isession *, const char *);
	void		(*gone)(struct isession *);
	void		(*end)(double);
};

/* What the command line said. */
struct want {
	unsigned int	 sessions;
	unsigned int	 users;
	unsigned int	 together;	/* logins under way */
	uint64_t	 count;
	uint64_t	 size;
	uint64_t	 seed;
	double		 duration;
	const char	*user;
	const char	*password;
	const char	*mailbox;
	enum load_tls	 tls;
	char		**commands;
	int		 ncommands;
};
extern struct want	 want;
extern struct isession	*sessions;
extern const struct mode mode_idle, mode_wake;

/* Begin a connection; it logs in by itself. */
void	 isession_start(struct isession *);
/* Send a command with a new tag; its time starts. */
void	 isession_command(struct isession *, const char *, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
/* One session more than those of -c, for what a mode needs. */
struct isession *isession_extra(void);
/* A message to append: header and body; len as the literal says. */
char	*imap_message(size_t *);
void	 imap_stop(void);

#endif
