/* The process that knows who may log in. */
#ifndef AUTH_H
#define AUTH_H

struct proc_def;

extern const struct proc_def auth_def;

#endif
