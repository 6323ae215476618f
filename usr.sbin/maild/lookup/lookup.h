/*
 * lookup: what is known about names.  Which recipient goes where, who may
 * relay, the MX hosts of a domain, the name of a client.  Pure questions and
 * answers: it keeps nothing but caches and counters.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

struct proc_def;

extern const struct proc_def lookup_def;

#endif
