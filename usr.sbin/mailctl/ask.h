/* The control process: a request, and the rows of its answer. */
#ifndef ASK_H
#define ASK_H

#include <jansson.h>

#define ASK_TEXT	512

struct ask;

/*
 * Connect.  NULL: text says why; *down is set when nobody listens there,
 * that is when maild does not run.
 */
struct ask	*ask_open(const char *path, char text[ASK_TEXT], int *down);
void		 ask_close(struct ask *);
/*
 * Send a request (taken) and wait for the end of the answer.  rows is an
 * array that is added to; text is what the end said, "" often.
 * 1: done; 0: refused; -1: the connection broke, text says how.
 */
int		 ask(struct ask *, json_t *request, json_t *rows,
		    char text[ASK_TEXT]);

/* The same, with a function for each row (of which it does not keep a
 * reference).  request NULL: nothing is sent. */
int		 ask_each(struct ask *, json_t *request,
		    void (*row)(void *, json_t *), void *arg,
		    char text[ASK_TEXT]);
/* Answers that come from elsewhere; the descriptor is taken. */
struct ask	*ask_from(int fd);

#endif
