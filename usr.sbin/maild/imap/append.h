/*
 * APPEND and MULTIAPPEND: the bytes go to a descriptor of the queue's, then
 * by scan into the mailbox.
 */
#ifndef APPEND_H
#define APPEND_H

#include "libimap/imap_command.h"
#include "libutil/span.h"
#include "msg.h"

struct session;

/* From the parser: see libimap/imap_parse.h. */
void	append_segment(struct session *, struct imap_command *);
void	append_data(struct session *, struct span);
void	append_last(struct session *, struct imap_command *);
void	append_refused(struct session *);
/* The command went wrong amid its messages; the parser says BAD. */
void	append_broken(struct session *);
/* From the queue. */
void	append_opened(struct session *, const struct msg_append_open_r *,
	    int fd);
void	append_result(struct session *, const struct msg_append_r *);
void	append_queue_gone(struct session *);

#endif
