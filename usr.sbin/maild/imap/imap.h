/* The imap processes: sessions of those who read mail. */
#ifndef IMAP_H
#define IMAP_H

#include "proc.h"

extern const struct proc_def imap_def;

#endif
