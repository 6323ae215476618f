/* What all of mailctl knows: the options of its command line. */
#ifndef MAILCTL_H
#define MAILCTL_H

/* sysexits.h has no such thing: the command line itself was wrong. */
#define EXIT_USAGE	2

struct site;

struct mailctl {
	const char	*file;		/* -f, or NULL */
	const char	*prefix;	/* -P, absolute, or NULL */
	const char	*socket;	/* -s, or NULL */
	char		**macros;	/* -D */
	unsigned	 nmacros;
	int		 json;		/* -j */
	struct site	*site;		/* mailctl_site */
};

/*
 * Where this site keeps its things.  The configuration is read at the first
 * call; need: end the program when there is none.
 */
struct site *mailctl_site(struct mailctl *, int need);

#endif
