/* Searches that have a name (RFC 5466); they are annotations of the server. */
#ifndef FILTER_H
#define FILTER_H

struct imap_search;
struct isession;

/*
 * Put what each FILTER of the command's program stands for in its place, then
 * go on, perhaps at once; or the command is answered with NO.
 */
void	filter_expand(struct isession *, struct imap_search *,
	    void (*next)(struct isession *));

#endif
