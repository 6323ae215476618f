/* What the answers of a server mean for our messages. */
#ifndef RELAY_RSESSION_RESULT_H
#define RELAY_RSESSION_RESULT_H

#include "libsmtp/smtp_client_state.h"

struct rmsg;

/* arg is the struct rsession, trans->arg the struct rmsg. */
extern const struct smtp_client_ops rsession_ops;

/* Its bytes cannot be had: a temporary failure for all who have no answer. */
void	rsession_unreadable(struct rmsg *);

#endif
