/* The parser of each command: what follows its name.  For the table only. */
#ifndef IMAP_CMD_H
#define IMAP_CMD_H

#include "libimap/imap_command.h"

typedef int (*imap_lex_fn)(struct imap_lexer *, struct span *);

/* Append to a vector in the arena; NULL with the lexer failed. */
void	*imap_cmd_add(struct imap_lexer *, void *v, uint32_t *n,
	    size_t size);
/* One or more of them with spaces between. */
int	 imap_cmd_words(struct imap_lexer *, imap_lex_fn,
	    struct imap_words *);

/* imap_cmd_auth.c */
int	imap_cmd_none(struct imap_lexer *, struct imap_command *);
int	imap_cmd_login(struct imap_lexer *, struct imap_command *);
int	imap_cmd_authenticate(struct imap_lexer *, struct imap_command *);
int	imap_cmd_enable(struct imap_lexer *, struct imap_command *);
int	imap_cmd_id(struct imap_lexer *, struct imap_command *);
int	imap_cmd_atom(struct imap_lexer *, struct imap_command *);
int	imap_cmd_optwords(struct imap_lexer *, struct imap_command *);

/* imap_cmd_mailbox.c */
int	imap_cmd_mailbox(struct imap_lexer *, struct imap_command *);
int	imap_cmd_select(struct imap_lexer *, struct imap_command *);
int	imap_cmd_create(struct imap_lexer *, struct imap_command *);
int	imap_cmd_rename(struct imap_lexer *, struct imap_command *);
int	imap_cmd_list(struct imap_lexer *, struct imap_command *);
int	imap_cmd_lsub(struct imap_lexer *, struct imap_command *);
int	imap_cmd_status(struct imap_lexer *, struct imap_command *);

/* imap_cmd_message.c */
int	imap_cmd_append(struct imap_lexer *, struct imap_command *);
int	imap_cmd_replace(struct imap_lexer *, struct imap_command *);
int	imap_cmd_expunge(struct imap_lexer *, struct imap_command *);
int	imap_cmd_search(struct imap_lexer *, struct imap_command *);
int	imap_cmd_sort(struct imap_lexer *, struct imap_command *);
int	imap_cmd_thread(struct imap_lexer *, struct imap_command *);
int	imap_cmd_fetch(struct imap_lexer *, struct imap_command *);
int	imap_cmd_store(struct imap_lexer *, struct imap_command *);
int	imap_cmd_copy(struct imap_lexer *, struct imap_command *);

/* imap_cmd_admin.c */
int	imap_cmd_getquota(struct imap_lexer *, struct imap_command *);
int	imap_cmd_setquota(struct imap_lexer *, struct imap_command *);
int	imap_cmd_getmetadata(struct imap_lexer *, struct imap_command *);
int	imap_cmd_setmetadata(struct imap_lexer *, struct imap_command *);
int	imap_cmd_setacl(struct imap_lexer *, struct imap_command *);
int	imap_cmd_identifier(struct imap_lexer *, struct imap_command *);

/* imap_cmd_ext.c */
int	imap_cmd_notify(struct imap_lexer *, struct imap_command *);
int	imap_cmd_esearch(struct imap_lexer *, struct imap_command *);
int	imap_cmd_cancelupdate(struct imap_lexer *, struct imap_command *);
int	imap_cmd_uidbatches(struct imap_lexer *, struct imap_command *);
int	imap_cmd_genurlauth(struct imap_lexer *, struct imap_command *);
int	imap_cmd_urlfetch(struct imap_lexer *, struct imap_command *);

#endif
