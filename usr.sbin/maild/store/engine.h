/*
 * libstore's engine in the process's turns.  Handlers change it and answer at
 * once; answers leave only after the turn's commit.  A commit that fails is
 * fatal: nothing that was said of the turn may get out, and what is durable is
 * found again at the restart.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "libstore/mstore.h"
#include "msg.h"

struct conf;

/* Open in the working directory; fatal. */
void		 engine_open(const struct conf *);
/* For reading. */
struct mstore	*engine(void);
/* For changing. */
struct mstore	*engine_begin(void);
/* The end of the turn: commit, tell those who watch. */
void		 engine_turn(void);
void		 engine_close(void);
/* A piece of background work: 1 when there is more. */
int		 engine_work(void);
/* A changing operation's answer; fatal when the turn is lost. */
enum msg_st	 engine_code(enum mstore_code);
/* Is there room for another message? */
int		 engine_has_room(void);

#endif
