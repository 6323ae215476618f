/* In the place of parent_defs.c: one worker is another's. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "captive.h"
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

/* Are we "maild -x NAME -i 1", and is NAME the captive one? */
static int
is_captive(enum proc_id id)
{
	const char	*name = getenv("CAPTIVE");
	char		 line[512];
	ssize_t		 n;
	int		 fd, i, first = 0;

	if (name == NULL || strcmp(name, proc_names[id]) != 0 ||
	    (fd = open("/proc/self/cmdline", O_RDONLY)) == -1)
		return 0;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	for (i = 0; i + 5 < n; i++)
		first |= memcmp(line + i, "\0-i\0001", 6) == 0;
	return first && memcmp(line + strlen(line) + 1, "-x", 3) == 0;
}

const struct proc_def *
parent_def(enum proc_id id)
{
	if (!is_captive(id))
		return defs[id];
	captive_me = captive_def.id = id;
	return &captive_def;
}
