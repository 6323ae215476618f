/* The queue process: messages in transit, and when they are tried again. */
#ifndef QUEUE_H
#define QUEUE_H

#include "proc.h"

extern const struct proc_def queue_def;

#endif
