/* How much an account's quota leaves: queue asks before it takes a message. */
#ifndef SROOM_H
#define SROOM_H

#include "msg.h"

void	sroom_answer(const struct msg_room *);

#endif
