/* The processes there are: the one place that knows them all. */
#include "auth/auth.h"
#include "control/control.h"
#include "crypto/crypto.h"
#include "imap/imap.h"
#include "lookup/lookup.h"
#include "parent.h"
#include "queue/queue.h"
#include "relay/relay.h"
#include "scan/scan.h"
#include "smtp/smtp.h"
#include "store/store.h"

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
