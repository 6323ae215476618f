/* Checking the files of a maild that does not run. */
#ifndef FSCK_H
#define FSCK_H

enum fsck_kind { FSCK_STORE, FSCK_SPOOL };

/*
 * Check a directory in a process of its own, as the user that it belongs to;
 * rebuild: make its index anew first.  Returns a descriptor with rows as the
 * control process sends them, or -1 with errno.
 */
int	fsck_files(const char *dir, enum fsck_kind, int rebuild);
/* Wait for it to end. */
void	fsck_files_end(void);

#endif
