/* The store process: all mailboxes. */
#ifndef STORE_H
#define STORE_H

#include "proc.h"

extern const struct proc_def store_def;

#endif
