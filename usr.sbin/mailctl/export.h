/* Mail goes out to files: what a kind of them has to do. */
#ifndef EXPORT_H
#define EXPORT_H

#include <stddef.h>
#include <stdint.h>

#include "imapc.h"
#include "libutil/rseq.h"

struct export_msg {
	uint32_t	 uid;
	uint32_t	 uidvalidity;
	int64_t		 date;
	const char	*flags;		/* as in IMAP */
	const uint8_t	*data;		/* lines end in LF */
	size_t		 len;
};

/*
 * path NULL: standard output.  single: there is but the one mailbox that was
 * named.  Each ends the program when files cannot be written.
 */
struct export_kind {
	void	(*begin)(const char *path, int single);
	/* The messages that follow are of this mailbox; uids that need not come
	 * again are taken out of the set. */
	void	(*mailbox)(const char *name, uint32_t uidvalidity,
		    struct rseq *uids);
	void	(*message)(const struct export_msg *);
	void	(*end)(void);
};

extern const struct export_kind export_maildir, export_tar, export_mbox;

/* export_name.c: what Maildir and tar have in common. */
#define EXPORT_NAME	1100
/* Folder of a mailbox, "" for INBOX: ".A.B".  0, or -1: it cannot be named. */
int	export_folder(const char *mailbox, char dst[EXPORT_NAME]);
/* Name of a message's file in cur. */
void	export_file(const struct export_msg *, char dst[EXPORT_NAME]);
/* uid in such a name when it has this uidvalidity, else 0. */
uint32_t export_file_uid(const char *file, uint32_t uidvalidity);
/* Keywords of the mailbox in the order of their letters. */
struct export_keywords {
	char	*names[26];
	int	 n;
	int	 dirty;		/* one was added */
};
void	export_keywords_clear(struct export_keywords *);
extern struct export_keywords export_keywords;

#endif
