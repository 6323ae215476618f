/* Where the bytes of a message in transit are: memory or an unlinked file. */
#ifndef BODY_H
#define BODY_H

#include <stdint.h>

struct conf;

/*
 * A descriptor for a message of that announced size (0: not known).  -1: no
 * descriptor to be had, or the disk is below its reserve; errno says which
 * (ENOSPC: the reserve).
 */
int	body_open(uint64_t size);
/* The same for what the spool has already: whatever room there is. */
int	body_open_again(uint64_t size);
/* A file in the spool, for what outgrew memory. */
int	body_open_file(void);
/*
 * The writer says it is complete at size bytes: nobody changes it from here
 * on, where the kernel can see to that.  -1: its size is another one.
 */
int	body_seal(int fd, uint64_t size);
/* The same of a descriptor that another process made: memory and nothing
 * else. */
int	body_seal_memory(int fd, uint64_t size);
/* What scan made: sealed, and of a size that the store takes; else -1. */
int	body_meta(int fd, uint32_t *size);
/* The disk of the spool has room; asks the file system once a second. */
int	body_disk_ok(void);
void	body_conf(const struct conf *);

#endif
