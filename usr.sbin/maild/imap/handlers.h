/* The commands, by the file that carries them out. */
#ifndef HANDLERS_H
#define HANDLERS_H

struct imap_fetch;
struct isession;

/* list.c: LIST, LSUB, STATUS, NAMESPACE */
void	list_list(struct isession *);
void	list_status(struct isession *);
void	list_namespace(struct isession *);

/* mailbox.c: the names themselves */
void	mailbox_create(struct isession *);
void	mailbox_delete(struct isession *);
void	mailbox_rename(struct isession *);
void	mailbox_subscribe(struct isession *);

/* select.c */
void	select_select(struct isession *);
void	select_close(struct isession *);
void	select_unselect(struct isession *);
/* Without a word to the client. */
void	select_leave(struct isession *);

/* quota.c */
void	quota_get(struct isession *);
void	quota_getroot(struct isession *);
void	quota_set(struct isession *);

/* metadata.c */
void	metadata_get(struct isession *);
void	metadata_set(struct isession *);

/* events.c */
void	events_notify(struct isession *);

/* acl.c */
void	acl_set(struct isession *);
void	acl_delete(struct isession *);
void	acl_get(struct isession *);
void	acl_listrights(struct isession *);
void	acl_mine(struct isession *);

/* expunge.c */
void	expunge_expunge(struct isession *);
/* fetch.c */
void	fetch_fetch(struct isession *);
/* UID FETCH as a part of another command, which done goes on with. */
void	fetch_run(struct isession *, const struct imap_fetch *,
	    void (*done)(struct isession *));
/* istore.c: the command STORE */
void	store_store(struct isession *);
/* copy.c: COPY and MOVE */
void	copy_copy(struct isession *);
/* search.c */
void	search_search(struct isession *);
/* context.c: CANCELUPDATE */
void	context_cancel(struct isession *);
/* iappend.c: one that has no bytes of its own */
void	iappend_command(struct isession *);
/* urlauth.c */
void	urlauth_generate(struct isession *);
void	urlauth_reset(struct isession *);
void	urlauth_fetch(struct isession *);
/* uidbatches.c */
void	uidbatches_uidbatches(struct isession *);
/* lang.c */
void	lang_language(struct isession *);
/* esearch.c */
void	esearch_esearch(struct isession *);
/* sort.c */
void	sort_sort(struct isession *);
void	sort_thread(struct isession *);

#endif
