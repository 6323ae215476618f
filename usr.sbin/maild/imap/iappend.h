/*
 * APPEND and MULTIAPPEND: the bytes go to a descriptor of the queue's, then
 * by scan into the mailbox.
 */
#ifndef IAPPEND_H
#define IAPPEND_H

#include "libimap/imap_command.h"
#include "libutil/span.h"
#include "msg.h"

struct isession;

/* From the parser: see libimap/imap_parse.h. */
void	iappend_segment(struct isession *, struct imap_command *);
void	iappend_data(struct isession *, struct span);
void	iappend_last(struct isession *, struct imap_command *);
void	iappend_refused(struct isession *);
/* The command went wrong amid its messages; the parser says BAD. */
void	iappend_broken(struct isession *);
/* From the queue. */
void	iappend_opened(struct isession *, const struct msg_append_open_r *,
	    int fd);
void	iappend_result(struct isession *, const struct msg_append_r *);
void	iappend_queue_gone(struct isession *);

#endif
