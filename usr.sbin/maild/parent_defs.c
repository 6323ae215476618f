/* The processes there are. */
#include "parent.h"
#include "proc.h"

/* While the house is being built a room may be missing. */
#define ROOM(name) \
	extern const struct proc_def name##_def __attribute__((__weak__))

ROOM(control);
ROOM(smtp);
ROOM(relay);
ROOM(imap);
ROOM(queue);
ROOM(store);
ROOM(lookup);
ROOM(auth);
ROOM(crypto);
ROOM(scan);

static const struct proc_def *const defs[PROC_MAX] = {
	[PROC_CONTROL] = &control_def,
	[PROC_SMTP] = &smtp_def,
	[PROC_RELAY] = &relay_def,
	[PROC_IMAP] = &imap_def,
	[PROC_QUEUE] = &queue_def,
	[PROC_STORE] = &store_def,
	[PROC_LOOKUP] = &lookup_def,
	[PROC_AUTH] = &auth_def,
	[PROC_CRYPTO] = &crypto_def,
	[PROC_SCAN] = &scan_def,
};

const struct proc_def *
parent_def(enum proc_id id)
{
	return defs[id];
}
