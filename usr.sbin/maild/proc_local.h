/*
 * What proc.c, proc_child.c and the parent share and nobody else needs.
 */
#ifndef PROC_LOCAL_H
#define PROC_LOCAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc.h"
#include "proc_peer.h"

#define PROC_INSTS	32	/* most instances of a process */
#define PROC_FD		3	/* a child's channel to the parent */

/* proc.c */
void		 proc_begin(enum proc_id, unsigned inst, int debug);
struct peer	*proc_slot(enum proc_id, unsigned inst);
void		 proc_slot_set(enum proc_id, unsigned inst, struct peer *);
void		 proc_slots_each(void (*)(struct peer *));
void		 proc_set_count(enum proc_id, unsigned);
void		 proc_set_sync_fd(int);
/* One row with all counters, and the end. */
void		 proc_send_stats(const struct proc_from *, uint32_t cookie);
/* Forever; batch: take all that is waiting before a turn. */
void		 proc_loop(void (*turn)(void), int batch)
		    __attribute__((__noreturn__));

/* proc-linux.c, proc-openbsd.c: what differs */
void		 proc_os_init(int argc, char **argv);
/* What ps(1) shows: "maild: smtp 1" */
void		 proc_os_title(const char *);
/* Execute ourselves, the very same program; returns on failure only. */
void		 proc_os_exec(char *const *argv);
/* Memory as a file: nowhere on disk.  Seal: never to be changed again. */
int		 proc_os_memfd(const char *name);
int		 proc_os_seal(int fd);
/* KiB resident, and with shared pages counted by their share (0: unknown). */
void		 proc_os_memory(pid_t, uint64_t *rss, uint64_t *pss);
/* Give free memory back to the system. */
void		 proc_os_trim(void);

#endif
