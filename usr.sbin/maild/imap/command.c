#include <string.h>

#include "handlers.h"
#include "libutil/log.h"
#include "proc.h"
#include "isession.h"
#include "view.h"

typedef void (*handler)(struct isession *);

static void
do_capability(struct isession *s)
{
	struct imap_out	*o = isession_out(s);

	imap_out_str(o, "* CAPABILITY ");
	(void)ilogin_caps(s, o->buf);
	imap_out_crlf(o);
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}

static void
do_noop(struct isession *s)
{
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}

static void
do_logout(struct isession *s)
{
	imap_out_reply(isession_out(s), SPAN_NONE, "BYE", NULL, "Logging out");
	isession_out_done(s);
	s->bye = 1;
	isession_done(s, IMAP_RESULT_OK, NULL, "Logout completed.");
}

static void
do_id(struct isession *s)
{
	imap_out_str(isession_out(s), "* ID (\"name\" \"maild\")\r\n");
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}

static void
do_starttls(struct isession *s)
{
	struct span	 tag = s->cmd->tag;

	/* Nothing of what follows in the clear may be taken. */
	imap_out_reply(isession_out(s), tag, "OK", NULL, "Begin TLS now.");
	isession_out_done(s);
	imap_command_free(s->cmd);
	s->cmd = NULL;
	s->busy = 0;
	caller_starttls(&s->c);
}

static void
do_enable(struct isession *s)
{
	static const struct {
		uint32_t	 bit;
		const char	*name;
	} names[] = {
		{ IMAP_EN_CONDSTORE,	"CONDSTORE" },
		{ IMAP_EN_QRESYNC,	"QRESYNC" },
		{ IMAP_EN_UTF8,		"UTF8=ACCEPT" },
		{ IMAP_EN_REV2,		"IMAP4rev2" },
		{ IMAP_EN_UIDONLY,	"UIDONLY" }
	};
	struct imap_out	*o = isession_out(s);
	uint32_t	 bits = s->cmd->u.enable.bits & COMMAND_ENABLES;
	size_t		 i;

	imap_out_str(o, "* ENABLED");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bits & names[i].bit) {
			imap_out_str(o, " ");
			imap_out_str(o, names[i].name);
		}
	}
	imap_out_crlf(o);
	isession_out_done(s);
	s->cmd->u.enable.bits = bits;
	isession_done(s, IMAP_RESULT_OK, NULL, "Enabled.");
}

/* RFC 4978: from the next byte on, both ways. */
static void
do_compress(struct isession *s)
{
	if (!span_ieqs(s->cmd->u.word, "DEFLATE")) {
		isession_done(s, IMAP_RESULT_NO, "CANNOT",
		    "Only DEFLATE is known here.");
		return;
	}
	imap_out_reply(isession_out(s), s->cmd->tag, "OK", NULL,
	    "DEFLATE active.");
	isession_out_done(s);
	if (conn_deflate(s->c.conn) == -1) {
		isession_close(s);
		return;
	}
	isession_said(s, IMAP_RESULT_OK);
}

/* RFC 8437: back to where the connection began. */
static void
do_unauthenticate(struct isession *s)
{
	ilogin_forget(s);
	isession_done(s, IMAP_RESULT_OK, NULL, "Unauthenticated.");
}

/* RFC 2177: untagged responses until the client says DONE. */
static void
do_idle(struct isession *s)
{
	imap_out_str(isession_out(s), "+ idling\r\n");
	isession_out_done(s);
	s->mode = INPUT_IDLE;
	s->busy = 0;
	imap_parser_lines(&s->parser, 1);
	if (s->view != NULL && view_behind(s->view))
		isession_news(s);
	conn_again(s->c.conn);
}

static const handler	 handlers[IMAP_NCOMMANDS] = {
	[IMAP_CAPABILITY] = do_capability,
	[IMAP_NOOP] = do_noop,
	[IMAP_CHECK] = do_noop,
	[IMAP_LOGOUT] = do_logout,
	[IMAP_ID] = do_id,
	[IMAP_STARTTLS] = do_starttls,
	[IMAP_LOGIN] = ilogin_login,
	[IMAP_AUTHENTICATE] = ilogin_authenticate,
	[IMAP_ENABLE] = do_enable,
	[IMAP_IDLE] = do_idle,
	[IMAP_LIST] = list_list,
	[IMAP_LSUB] = list_list,
	[IMAP_STATUS] = list_status,
	[IMAP_COMPRESS] = do_compress,
	[IMAP_UNAUTHENTICATE] = do_unauthenticate,
	[IMAP_GETQUOTA] = quota_get,
	[IMAP_GETQUOTAROOT] = quota_getroot,
	[IMAP_SETQUOTA] = quota_set,
	[IMAP_GETMETADATA] = metadata_get,
	[IMAP_SETMETADATA] = metadata_set,
	[IMAP_NOTIFY] = events_notify,
	[IMAP_SETACL] = acl_set,
	[IMAP_DELETEACL] = acl_delete,
	[IMAP_GETACL] = acl_get,
	[IMAP_LISTRIGHTS] = acl_listrights,
	[IMAP_MYRIGHTS] = acl_mine,
	[IMAP_NAMESPACE] = list_namespace,
	[IMAP_CREATE] = mailbox_create,
	[IMAP_DELETE] = mailbox_delete,
	[IMAP_RENAME] = mailbox_rename,
	[IMAP_SUBSCRIBE] = mailbox_subscribe,
	[IMAP_UNSUBSCRIBE] = mailbox_subscribe,
	[IMAP_SELECT] = select_select,
	[IMAP_EXAMINE] = select_select,
	[IMAP_CLOSE] = select_close,
	[IMAP_UNSELECT] = select_unselect,
	[IMAP_EXPUNGE] = expunge_expunge,
	[IMAP_FETCH] = fetch_fetch,
	[IMAP_STORE] = store_store,
	[IMAP_COPY] = copy_copy,
	[IMAP_MOVE] = copy_copy,
	[IMAP_SEARCH] = search_search,
	[IMAP_CANCELUPDATE] = context_cancel,
	[IMAP_APPEND] = iappend_command,
	[IMAP_REPLACE] = iappend_command,
	[IMAP_GENURLAUTH] = urlauth_generate,
	[IMAP_RESETKEY] = urlauth_reset,
	[IMAP_URLFETCH] = urlauth_fetch,
	[IMAP_UIDBATCHES] = uidbatches_uidbatches,
	[IMAP_LANGUAGE] = lang_language,
	[IMAP_ESEARCH] = esearch_esearch,
	[IMAP_SORT] = sort_sort,
	[IMAP_THREAD] = sort_thread
};

/* RFC 7162 3.1.2: the first use of CONDSTORE tells where the mailbox is. */
static void
enable(struct isession *s, uint32_t bits)
{
	struct imap_out	*o;
	uint32_t	 new = bits & ~s->st.enabled;

	s->st.enabled |= bits;
	if (!(new & IMAP_EN_CONDSTORE) || s->view == NULL ||
	    s->cmd->id == IMAP_SELECT || s->cmd->id == IMAP_EXAMINE)
		return;
	o = isession_out(s);
	imap_out_str(o, "* OK [HIGHESTMODSEQ ");
	imap_out_num(o, s->view->modseq);
	imap_out_str(o, "] Highest.\r\n");
	isession_out_done(s);
}

void
command_start(struct isession *s)
{
	const char		*code = NULL, *why = NULL;
	enum imap_verdict	 verdict;

	proc_count_add("imap_commands", 1);
	verdict = imap_state_check(&s->st, s->cmd, &code, &why);
	if (verdict == IMAP_DENY_BAD)
		isession_done(s, IMAP_RESULT_BAD, code, why);
	else if (verdict == IMAP_DENY_NO)
		isession_done(s, IMAP_RESULT_NO, code, why);
	else if (handlers[s->cmd->id] == NULL)
		isession_done(s, IMAP_RESULT_BAD, NULL, "Not offered here.");
	else {
		enable(s, imap_command_enables(s->cmd) & COMMAND_ENABLES);
		handlers[s->cmd->id](s);
	}
}
