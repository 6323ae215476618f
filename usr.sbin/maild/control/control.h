/* The control process: mailctl's sessions. */
#ifndef CONTROL_H
#define CONTROL_H

#include "proc.h"

extern const struct proc_def control_def;

#endif
