/* The smtp processes: inbound sessions, SMTP, submission and LMTP. */
#ifndef SMTP_H
#define SMTP_H

#include "proc.h"

extern const struct proc_def smtp_def;

#endif
