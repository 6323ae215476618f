/* What mailctl can ask, and who answers it. */
#ifndef VERBS_H
#define VERBS_H

#include <stdint.h>

#include "msg.h"

#define TO(proc)	(1U << (proc))

struct verb {
	const char	*name;		/* in mailctl's request */
	uint8_t		 verb;		/* enum msg_ctl_verb */
	uint32_t	 to;		/* TO(PROC_...), all instances */
};

/* NULL: no such verb. */
const struct verb *verb_find(const char *name);

#endif
