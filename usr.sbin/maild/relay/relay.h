/*
 * relay: takes messages from queue to the servers of their recipients and
 * tells queue what became of each recipient.  It keeps nothing that matters:
 * what it has not answered, queue gives again.
 */
#ifndef RELAY_H
#define RELAY_H

struct proc_def;

extern const struct proc_def relay_def;

#endif
