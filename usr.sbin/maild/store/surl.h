/*
 * URLAUTH (RFC 4467).  Keys are properties of the mailboxes and are known to
 * the store alone: an imap process that is in bad hands can sign what its own
 * sessions may read, as they can themselves, and reads nothing more.
 */
#ifndef SURL_H
#define SURL_H

#include "proc.h"

void	surl_init(void);
/* M_ST_URL: bytes of what is named, if the URL is good for this session. */
void	surl_fetch(const struct proc_from *, const struct msg_st_url *);
/* M_ST_URLKEY */
void	surl_key(const struct proc_from *, const struct msg_st_urlkey *);

#endif
