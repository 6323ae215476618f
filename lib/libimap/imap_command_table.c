/*
 * All commands, by name.  A new one is a row here, an id and a parse function;
 * what it does stands in the process.
 */
#include "libimap/imap_cmd.h"

#define ANY	IMAP_IN_ANY
#define NOAUTH	IMAP_IN_NOAUTH
#define LOGGED	IMAP_IN_LOGGED
#define SEL	IMAP_IN_SELECTED
#define UID	IMAP_CF_UID
#define NUM	IMAP_CF_NUMBERS
#define NOEX	(IMAP_CF_UID | IMAP_CF_NUMBERS | IMAP_CF_NOEXPUNGE)
#define STREAM	IMAP_CF_STREAM
#define SECRET	IMAP_CF_SECRET
#define PRIV	IMAP_CF_PRIVACY
#define ALONE	IMAP_CF_ALONE

/* Sorted by name: imap_command_find. */
const struct imap_command_def imap_command_table[IMAP_NCOMMANDS] = {
	{ "APPEND",	IMAP_APPEND,	LOGGED,	STREAM,	imap_cmd_append },
	{ "AUTHENTICATE", IMAP_AUTHENTICATE, NOAUTH,
	    SECRET | PRIV | ALONE, imap_cmd_authenticate },
	{ "CANCELUPDATE", IMAP_CANCELUPDATE, SEL, 0, imap_cmd_cancelupdate },
	{ "CAPABILITY",	IMAP_CAPABILITY, ANY,	0,	imap_cmd_none },
	{ "CHECK",	IMAP_CHECK,	SEL,	0,	imap_cmd_none },
	{ "CLOSE",	IMAP_CLOSE,	SEL,	0,	imap_cmd_none },
	{ "COMPARATOR",	IMAP_COMPARATOR, LOGGED, 0,	imap_cmd_optwords },
	{ "COMPRESS",	IMAP_COMPRESS,	LOGGED,	ALONE,	imap_cmd_atom },
	{ "COPY",	IMAP_COPY,	SEL,	UID | NUM, imap_cmd_copy },
	{ "CREATE",	IMAP_CREATE,	LOGGED,	0,	imap_cmd_create },
	{ "DELETE",	IMAP_DELETE,	LOGGED,	0,	imap_cmd_mailbox },
	{ "DELETEACL",	IMAP_DELETEACL,	LOGGED,	0, imap_cmd_identifier },
	{ "ENABLE",	IMAP_ENABLE,	LOGGED,	0,	imap_cmd_enable },
	{ "ESEARCH",	IMAP_ESEARCH,	LOGGED,	0,	imap_cmd_esearch },
	{ "EXAMINE",	IMAP_EXAMINE,	LOGGED,	0,	imap_cmd_select },
	{ "EXPUNGE",	IMAP_EXPUNGE,	SEL,	UID,	imap_cmd_expunge },
	{ "FETCH",	IMAP_FETCH,	SEL,	NOEX, imap_cmd_fetch },
	{ "GENURLAUTH",	IMAP_GENURLAUTH, LOGGED, 0, imap_cmd_genurlauth },
	{ "GETACL",	IMAP_GETACL,	LOGGED,	0,	imap_cmd_mailbox },
	{ "GETJMAPACCESS", IMAP_GETJMAPACCESS, LOGGED, 0, imap_cmd_none },
	{ "GETMETADATA", IMAP_GETMETADATA, LOGGED, 0, imap_cmd_getmetadata },
	{ "GETQUOTA",	IMAP_GETQUOTA,	LOGGED,	0,	imap_cmd_getquota },
	{ "GETQUOTAROOT", IMAP_GETQUOTAROOT, LOGGED, 0, imap_cmd_mailbox },
	{ "ID",		IMAP_ID,	ANY,	0,	imap_cmd_id },
	{ "IDLE",	IMAP_IDLE,	LOGGED,	0,	imap_cmd_none },
	{ "LANGUAGE",	IMAP_LANGUAGE,	ANY,	0,	imap_cmd_optwords },
	{ "LIST",	IMAP_LIST,	LOGGED,	0,	imap_cmd_list },
	{ "LISTRIGHTS",	IMAP_LISTRIGHTS, LOGGED, 0, imap_cmd_identifier },
	{ "LOGIN",	IMAP_LOGIN,	NOAUTH,
	    SECRET | PRIV | ALONE, imap_cmd_login },
	{ "LOGOUT",	IMAP_LOGOUT,	ANY,	0,	imap_cmd_none },
	{ "LSUB",	IMAP_LSUB,	LOGGED,	0,	imap_cmd_lsub },
	{ "MOVE",	IMAP_MOVE,	SEL,	UID | NUM, imap_cmd_copy },
	{ "MYRIGHTS",	IMAP_MYRIGHTS,	LOGGED,	0,	imap_cmd_mailbox },
	{ "NAMESPACE",	IMAP_NAMESPACE,	LOGGED,	0,	imap_cmd_none },
	{ "NOOP",	IMAP_NOOP,	ANY,	0,	imap_cmd_none },
	{ "NOTIFY",	IMAP_NOTIFY,	LOGGED,	0,	imap_cmd_notify },
	{ "RENAME",	IMAP_RENAME,	LOGGED,	0,	imap_cmd_rename },
	{ "REPLACE",	IMAP_REPLACE,	SEL,
	    UID | NUM | STREAM, imap_cmd_replace },
	{ "RESETKEY",	IMAP_RESETKEY,	LOGGED,	0,	imap_cmd_optwords },
	{ "SEARCH",	IMAP_SEARCH,	SEL,	NOEX, imap_cmd_search },
	{ "SELECT",	IMAP_SELECT,	LOGGED,	0,	imap_cmd_select },
	{ "SETACL",	IMAP_SETACL,	LOGGED,	0,	imap_cmd_setacl },
	{ "SETMETADATA", IMAP_SETMETADATA, LOGGED, 0, imap_cmd_setmetadata },
	{ "SETQUOTA",	IMAP_SETQUOTA,	LOGGED,	0,	imap_cmd_setquota },
	{ "SORT",	IMAP_SORT,	SEL,	NOEX, imap_cmd_sort },
	{ "STARTTLS",	IMAP_STARTTLS,	NOAUTH,	ALONE,	imap_cmd_none },
	{ "STATUS",	IMAP_STATUS,	LOGGED,	0,	imap_cmd_status },
	{ "STORE",	IMAP_STORE,	SEL,	NOEX, imap_cmd_store },
	{ "SUBSCRIBE",	IMAP_SUBSCRIBE,	LOGGED,	0,	imap_cmd_mailbox },
	{ "THREAD",	IMAP_THREAD,	SEL,	NOEX, imap_cmd_thread },
	{ "UIDBATCHES",	IMAP_UIDBATCHES, SEL,	0, imap_cmd_uidbatches },
	{ "UNAUTHENTICATE", IMAP_UNAUTHENTICATE, LOGGED, ALONE,
	    imap_cmd_none },
	{ "UNSELECT",	IMAP_UNSELECT,	SEL,	0,	imap_cmd_none },
	{ "UNSUBSCRIBE", IMAP_UNSUBSCRIBE, LOGGED, 0,	imap_cmd_mailbox },
	{ "URLFETCH",	IMAP_URLFETCH,	LOGGED,	0,	imap_cmd_urlfetch }
};
