/* Stands in for proc.c: what was sent is remembered, the clock is ours. */
#ifndef STUB_H
#define STUB_H

#include <stdint.h>

#include "msg.h"
#include "proc.h"

#define STUB_SENT	64

struct stub_sent {
	enum proc_id	to;
	unsigned	inst;
	uint32_t	type;
	uint64_t	sid;
	uint8_t		result;
	char		account[330];
	char		data[4097];
	size_t		len;
	struct msg_grant grant;
};

extern struct stub_sent	 stub_sent[STUB_SENT];
extern unsigned		 stub_nsent;
extern uint64_t		 stub_ms;	/* the clock */
extern int		 stub_away;	/* sending a grant fails */

extern unsigned		 stub_nbad;	/* calls of proc_bad */

#endif
