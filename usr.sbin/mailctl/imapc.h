/*
 * An IMAP session with the maild of this machine, as an account whose password
 * nobody has to know: the control process lets root in.  What goes wrong with
 * the connection ends the program.
 */
#ifndef IMAPC_H
#define IMAPC_H

#include <stddef.h>
#include <stdint.h>

#include "ask.h"
#include "libutil/buf.h"
#include "libutil/rseq.h"
#include "libutil/span.h"
#include "mailctl.h"

#define IMAPC_FLAGS	2048

struct imapc;
struct request;

/* The account of account/mailbox; the caller frees. */
char	*imapc_account(const struct request *);
/* NULL: text says why. */
struct imapc	*imapc_open(struct mailctl *, const char *account,
		    char text[ASK_TEXT]);
void		 imapc_close(struct imapc *);
/* The largest message that it takes; 0 any. */
uint64_t	 imapc_limit(const struct imapc *);

/* Writing: gathered until a flush, or until there is much. */
void	 imapc_put(struct imapc *, const void *, size_t);
void	 imapc_putf(struct imapc *, const char *, ...)
	    __attribute__((__format__ (printf, 2, 3)));
void	 imapc_put_string(struct imapc *, const char *);
void	 imapc_flush(struct imapc *);

/*
 * The next response, with its literals in it and without the last CRLF; valid
 * until the next call.
 */
struct span imapc_read(struct imapc *);
/*
 * Read until the answer with that tag.  each (may be NULL) gets the responses
 * before it.  1 OK, 0 NO or BAD; text is what was said.
 */
int	 imapc_wait(struct imapc *, const char *tag,
	    void (*each)(void *, struct span), void *arg,
	    char text[ASK_TEXT]);
/* Is it the answer with that tag?  1 OK, 0 NO or BAD, -1 it is not. */
int	 imapc_tagged(struct span, const char *tag, char text[ASK_TEXT]);

/* What a FETCH response said; a number is 0 when it did not. */
struct imapc_msg {
	uint32_t	 uid;
	uint32_t	 size;
	int64_t		 date;
	char		 flags[IMAPC_FLAGS];	/* without parentheses */
	int		 has_body;
	struct span	 body;
};
/* 1, or 0: it is no FETCH. */
int	 imapc_fetch(struct span, struct imapc_msg *);
/* The uids of an ESEARCH response are added.  The same. */
int	 imapc_esearch(struct span, struct rseq *);
/* The name of a LIST response; name is of size MAXNAME.  The same. */
#define IMAPC_NAME	1024
int	 imapc_list(struct span, char name[IMAPC_NAME], int *noselect);
/* Number behind a word in brackets, as UIDVALIDITY; 0 none. */
uint32_t imapc_code(struct span, const char *word);

#endif
