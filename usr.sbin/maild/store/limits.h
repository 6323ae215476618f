/* What accounts may hold, by the tables in force. */
#ifndef LIMITS_H
#define LIMITS_H

#include "libstore/mstore.h"

struct conf;

void	limits_conf(const struct conf *);
/* -1: the tables have no such account; limit stays as it is. */
int	limits_get(const char *account, struct mstore_quota *limit);

#endif
