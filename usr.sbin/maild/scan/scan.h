/* The scan processes: they alone parse messages, one at a time, in a jail. */
#ifndef SCAN_H
#define SCAN_H

#include "proc.h"

extern const struct proc_def scan_def;

#endif
