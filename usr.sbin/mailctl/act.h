/* What the words do.  Each returns the exit status. */
#ifndef ACT_H
#define ACT_H

#include <jansson.h>

#include "ask.h"
#include "words.h"

/* act.c: what the daemon does */
int	act_queue_list(struct mailctl *, const struct request *);
int	act_message(struct mailctl *, const struct request *);
int	act_status(struct mailctl *, const struct request *);
int	act_stats(struct mailctl *, const struct request *);
int	act_sessions(struct mailctl *, const struct request *);
int	act_trace(struct mailctl *, const struct request *);
int	act_dkim_add(struct mailctl *, const struct request *);
/* All that has no rows to show. */
int	act_simple(struct mailctl *, const struct request *);

/* act_table.c: changes to tables; list.c: what is in them */
int	act_domain_add(struct mailctl *, const struct request *);
int	act_domain_remove(struct mailctl *, const struct request *);
int	act_domain_list(struct mailctl *, const struct request *);
int	act_account_add(struct mailctl *, const struct request *);
int	act_account_remove(struct mailctl *, const struct request *);
int	act_account_passwd(struct mailctl *, const struct request *);
int	act_account_list(struct mailctl *, const struct request *);
int	act_alias_add(struct mailctl *, const struct request *);
int	act_alias_remove(struct mailctl *, const struct request *);
int	act_alias_list(struct mailctl *, const struct request *);

/* fsck.c: checking what is stored; import.c, export.c: mail and files */
int	act_fsck(struct mailctl *, const struct request *);
int	act_import(struct mailctl *, const struct request *);
int	act_export(struct mailctl *, const struct request *);

/*
 * Ask the daemon that verb of the protocol with what the words say (r may be
 * NULL) and arg (may be NULL).  rows is an array that is added to.  1 done, 0
 * refused, -1 not reached; text says why.  *down (may be NULL): it does not
 * run.
 */
int	act_ask(struct mailctl *, const struct request *, const char *verb,
	    const char *arg, json_t *rows, char text[ASK_TEXT], int *down);
/* Say how it went; the exit status. */
int	act_said(const struct mailctl *, int ok, const char *text);
/* Show the rows of a good answer, or say why there is none. */
int	act_show(const struct mailctl *, int ok, const char *text,
	    const json_t *rows, void (*show)(const json_t *));
json_t	*act_rows(void);

#endif
