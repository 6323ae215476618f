/* The commands, by the file that carries them out. */
#ifndef HANDLERS_H
#define HANDLERS_H

struct session;

/* list.c: LIST, LSUB, STATUS, NAMESPACE */
void	list_list(struct session *);
void	list_status(struct session *);
void	list_namespace(struct session *);

/* mailbox.c: the names themselves */
void	mailbox_create(struct session *);
void	mailbox_delete(struct session *);
void	mailbox_rename(struct session *);
void	mailbox_subscribe(struct session *);

/* select.c */
void	select_select(struct session *);
void	select_close(struct session *);
void	select_unselect(struct session *);

/* expunge.c */
void	expunge_expunge(struct session *);
/* fetch.c */
void	fetch_fetch(struct session *);
/* store.c: the command STORE */
void	store_store(struct session *);
/* copy.c: COPY and MOVE */
void	copy_copy(struct session *);
/* search.c */
void	search_search(struct session *);

#endif
