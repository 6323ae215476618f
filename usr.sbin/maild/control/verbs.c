#include <string.h>

#include "verbs.h"

#define TO_ALL	(TO(PROC_SMTP) | TO(PROC_RELAY) | TO(PROC_IMAP) |	\
	TO(PROC_QUEUE) | TO(PROC_STORE) | TO(PROC_LOOKUP) |		\
	TO(PROC_AUTH) | TO(PROC_CRYPTO) | TO(PROC_SCAN))

static const struct verb verbs[] = {
	{ "status",		CTL_STATUS,		TO(PROC_PARENT) },
	{ "stats",		CTL_STATS,		TO_ALL },
	{ "sessions",		CTL_SESSIONS,		TO(PROC_SMTP) |
				TO(PROC_IMAP) | TO(PROC_RELAY) },
	{ "queue-list",		CTL_QUEUE_LIST,		TO(PROC_QUEUE) },
	{ "queue-show",		CTL_QUEUE_SHOW,		TO(PROC_QUEUE) },
	{ "queue-retry",	CTL_QUEUE_RETRY,	TO(PROC_QUEUE) },
	{ "queue-hold",		CTL_QUEUE_HOLD,		TO(PROC_QUEUE) },
	{ "queue-release",	CTL_QUEUE_RELEASE,	TO(PROC_QUEUE) },
	{ "queue-remove",	CTL_QUEUE_REMOVE,	TO(PROC_QUEUE) },
	{ "queue-bounce",	CTL_QUEUE_BOUNCE,	TO(PROC_QUEUE) },
	{ "trace",		CTL_TRACE,		TO(PROC_QUEUE) },
	{ "reload",		CTL_RELOAD,		TO(PROC_PARENT) },
	{ "stop",		CTL_STOP,		TO(PROC_PARENT) },
	{ "log",		CTL_LOG,		TO(PROC_PARENT) },
	{ "dkim-add",		CTL_DKIM_ADD,		TO(PROC_PARENT) },
	{ "account-purge",	CTL_ACCOUNT_PURGE,	TO(PROC_STORE) },
	{ "account-usage",	CTL_ACCOUNT_USAGE,	TO(PROC_STORE) },
	{ "fsck",		CTL_FSCK,		TO(PROC_STORE) |
				TO(PROC_QUEUE) },
	{ "login",		CTL_LOGIN,		TO(PROC_AUTH) }
};

const struct verb *
verb_find(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}
