/* The words of mailctl's command line. */
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "words.h"

/* "show qu" is enough. */
#define TOKEN(kind, text, help, take, run, verb, next)			\
	{ TOKEN_##kind, text, help, take, run, verb, next }
#define WORD(w, help, next)		TOKEN(WORD, w, help, NULL,	\
    NULL, NULL, next)
#define WORDTAKE(w, help, take, next)	TOKEN(WORD, w, help, take,	\
    NULL, NULL, next)
/* The word that says what is to be done. */
#define ACT(w, help, run, verb, next)	TOKEN(WORD, w, help, NULL,	\
    run, verb, next)
#define ARG(what, help, take, next)	TOKEN(ARG, what, help, take,	\
    NULL, NULL, next)
#define END		TOKEN(END, NULL, NULL, NULL, NULL, NULL, NULL)
#define NONE		TOKEN(NONE, NULL, NULL, NULL, NULL, NULL, NULL)

static const struct token t_end[] = { END, NONE };

/* ---- filters: they may follow one another in any order ------------------- */

static const struct token t_filter[];

static const struct token t_from[] = {
	ARG("address", "or @domain, or <> for the null sender", take_sender,
	    t_filter),
	NONE
};
static const struct token t_to[] = {
	ARG("address", "or @domain", take_rcpt, t_filter),
	NONE
};
static const struct token t_older[] = {
	ARG("time", "30m, 4h, 1d12h ...", take_older, t_filter),
	NONE
};
static const struct token t_filter[] = {
	END,
	WORD("from", "only of this sender", t_from),
	WORD("to", "only to this recipient", t_to),
	WORD("older", "only those that came so long ago", t_older),
	NONE
};

/* ---- show, queue, trace -------------------------------------------------- */

static const struct token t_id[] = {
	ARG("id", "of a message", take_id, t_end),
	NONE
};
static const struct token t_show[] = {
	ACT("queue", "the messages that wait", act_queue_list, "queue-list",
	    t_filter),
	ACT("message", "all that is known of one of them", act_message,
	    "queue-show", t_id),
	ACT("status", "the processes", act_status, "status", t_end),
	ACT("stats", "what was counted", act_stats, "stats", t_end),
	ACT("sessions", "who is connected", act_sessions, "sessions", t_end),
	NONE
};
static const struct token t_which[] = {
	WORDTAKE("all", "all messages that the filters leave", take_all,
	    t_filter),
	ARG("id", "of a message", take_id, t_end),
	NONE
};
static const struct token t_queue[] = {
	ACT("retry", "try at once", act_simple, "queue-retry", t_which),
	ACT("hold", "keep, and do not try", act_simple, "queue-hold",
	    t_which),
	ACT("release", "try again what was held", act_simple, "queue-release",
	    t_which),
	ACT("remove", "throw away; nobody is told", act_simple,
	    "queue-remove", t_which),
	ACT("bounce", "return to the sender", act_simple, "queue-bounce",
	    t_which),
	NONE
};
static const struct token t_trace[] = {
	ARG("address", "or id: what became of it", take_traced, t_end),
	NONE
};

/* ---- domain, account, alias ---------------------------------------------- */

static const struct token t_domain_options[];

static const struct token t_alias_of[] = {
	ARG("domain", "whose addresses are valid here too", take_alias_of,
	    t_domain_options),
	NONE
};
static const struct token t_catch_all[] = {
	ARG("address", "that gets what nobody else does", take_catch_all,
	    t_domain_options),
	NONE
};
static const struct token t_domain_options[] = {
	END,
	WORD("alias-of", "another name of a domain", t_alias_of),
	WORD("catch-all", "mail to names that are not there", t_catch_all),
	NONE
};
static const struct token t_domain_add[] = {
	ARG("domain", "to take mail for", take_domain, t_domain_options),
	NONE
};
static const struct token t_domain_remove[] = {
	ARG("domain", "to take mail for no longer", take_domain, t_end),
	NONE
};
static const struct token t_domain[] = {
	ACT("add", NULL, act_domain_add, NULL, t_domain_add),
	ACT("remove", NULL, act_domain_remove, NULL, t_domain_remove),
	ACT("list", NULL, act_domain_list, NULL, t_end),
	NONE
};

static const struct token t_account_options[];

static const struct token t_quota[] = {
	ARG("size", "500M, 2G, none", take_quota, t_account_options),
	NONE
};
static const struct token t_messages[] = {
	ARG("number", "or none", take_messages, t_account_options),
	NONE
};
static const struct token t_display[] = {
	ARG("text", "who it is", take_display, t_account_options),
	NONE
};
static const struct token t_account_options[] = {
	END,
	WORD("quota", "bytes that it may hold", t_quota),
	WORD("messages", "how many it may hold", t_messages),
	WORD("name", "of its owner", t_display),
	WORDTAKE("hashed", "the password that is read is a secret as in "
	    "tables(5)", take_hashed, t_account_options),
	NONE
};
static const struct token t_account_add[] = {
	ARG("address", "of the account; its password is read", take_account,
	    t_account_options),
	NONE
};
static const struct token t_account_purge[] = {
	END,
	WORDTAKE("purge", "its mail too", take_purge, t_end),
	NONE
};
static const struct token t_account_remove[] = {
	ARG("address", "of the account", take_account, t_account_purge),
	NONE
};
static const struct token t_account_hashed[] = {
	END,
	WORDTAKE("hashed", "what is read is a secret as in tables(5)",
	    take_hashed, t_end),
	NONE
};
static const struct token t_account_passwd[] = {
	ARG("address", "of the account; the password is read", take_account,
	    t_account_hashed),
	NONE
};
static const struct token t_account_usage[] = {
	END,
	WORDTAKE("usage", "with what each of them holds", take_usage, t_end),
	NONE
};
static const struct token t_account[] = {
	ACT("add", NULL, act_account_add, NULL, t_account_add),
	ACT("remove", NULL, act_account_remove, NULL, t_account_remove),
	ACT("passwd", "a new password", act_account_passwd, NULL,
	    t_account_passwd),
	ACT("list", NULL, act_account_list, NULL, t_account_usage),
	NONE
};

static const struct token t_members_more[];

static const struct token t_members_more[] = {
	END,
	ARG("member", "another one", take_member, t_members_more),
	NONE
};
static const struct token t_members[] = {
	ARG("member", "who gets the mail: addresses, or discard", take_member,
	    t_members_more),
	NONE
};
static const struct token t_alias_add[] = {
	ARG("alias", "an address, @domain, or a name", take_alias, t_members),
	NONE
};
static const struct token t_alias_remove[] = {
	ARG("alias", "all of it, or the members that follow", take_alias,
	    t_members_more),
	NONE
};
static const struct token t_alias[] = {
	ACT("add", NULL, act_alias_add, NULL, t_alias_add),
	ACT("remove", NULL, act_alias_remove, NULL, t_alias_remove),
	ACT("list", NULL, act_alias_list, NULL, t_end),
	NONE
};

/* ---- the rest ------------------------------------------------------------ */

static const struct token t_dkim_options[];

static const struct token t_selector[] = {
	ARG("selector", "s20300101 ...", take_selector, t_dkim_options),
	NONE
};
static const struct token t_algorithm[] = {
	ARG("algorithm", "rsa or ed25519", take_algorithm, t_dkim_options),
	NONE
};
static const struct token t_dkim_options[] = {
	END,
	WORD("selector", "the key's name; else today's date", t_selector),
	WORD("algorithm", "rsa when it is not said", t_algorithm),
	NONE
};
static const struct token t_dkim_add[] = {
	ARG("domain", "whose mail is to be signed", take_domain,
	    t_dkim_options),
	NONE
};
static const struct token t_dkim[] = {
	ACT("add", "make a key and print its DNS record", act_dkim_add,
	    "dkim-add", t_dkim_add),
	NONE
};
static const struct token t_log[] = {
	WORDTAKE("verbose", NULL, take_level, t_end),
	WORDTAKE("brief", NULL, take_level, t_end),
	NONE
};

/* ---- the store ----------------------------------------------------------- */

static const struct token t_fsck[];

static const struct token t_fsck_prefix[] = {
	ARG("directory", "of a site, as before the command", take_prefix,
	    t_fsck),
	NONE
};
static const struct token t_fsck[] = {
	END,
	WORDTAKE("rebuild", "make the indexes anew; maild must not run",
	    take_rebuild, t_fsck),
	WORDTAKE("-r", "the same", take_rebuild, t_fsck),
	WORD("-P", "where the site is", t_fsck_prefix),
	NONE
};

static const struct token t_import_account[] = {
	ARG("account", "or account/mailbox: where to", take_mailbox, t_end),
	NONE
};
static const struct token t_import_path[] = {
	ARG("path", "of the files", take_path, t_import_account),
	NONE
};
static const struct token t_import[] = {
	ACT("maildir", "a Maildir with its folders", act_import, "maildir",
	    t_import_path),
	ACT("mbox", "a file, or a directory of such", act_import, "mbox",
	    t_import_path),
	NONE
};
static const struct token t_export_path[] = {
	END,
	ARG("path", "where to; else standard output", take_path, t_end),
	NONE
};
static const struct token t_export_dir[] = {
	ARG("path", "of a directory", take_path, t_end),
	NONE
};
static const struct token t_export_account[] = {
	ARG("account", "or account/mailbox", take_mailbox, t_export_path),
	NONE
};
static const struct token t_export_maildir[] = {
	ARG("account", "or account/mailbox", take_mailbox, t_export_dir),
	NONE
};
static const struct token t_export[] = {
	ACT("maildir", "a directory; a second time adds what is new",
	    act_export, "maildir", t_export_maildir),
	ACT("tar", "the same as one stream", act_export, "tar",
	    t_export_account),
	ACT("mbox", "one file; with several mailboxes a directory",
	    act_export, "mbox", t_export_account),
	NONE
};

const struct token words_top[] = {
	WORD("show", "what there is", t_show),
	WORD("queue", "do something about messages that wait", t_queue),
	WORD("domain", "domains that are ours", t_domain),
	WORD("account", "who has a mailbox", t_account),
	WORD("alias", "addresses that lead to others", t_alias),
	WORD("dkim", "keys that sign mail", t_dkim),
	ACT("trace", "what became of a message", act_trace, "trace", t_trace),
	WORD("import", "take mail from files", t_import),
	WORD("export", "write mail to files", t_export),
	ACT("fsck", "check all that is stored", act_fsck, "fsck", t_fsck),
	ACT("log", "how much is logged", act_simple, "log", t_log),
	ACT("reload", "read configuration and tables again", act_simple,
	    "reload", t_end),
	ACT("stop", "end maild", act_simple, "stop", t_end),
	NONE
};

/* ---- reading ------------------------------------------------------------- */

/*
 * The token that the word means: spelled out, else the only one that begins
 * like this, else the argument.  *many: it could be several.
 */
static const struct token *
words_find(const struct token *list, const char *word, int *many)
{
	const struct token	*t, *arg = NULL, *begins = NULL;
	int			 n = 0;

	for (t = list; t->kind != TOKEN_NONE; t++) {
		if (t->kind == TOKEN_ARG)
			arg = t;
		if (t->kind != TOKEN_WORD)
			continue;
		if (strcmp(t->text, word) == 0)
			return t;
		if (word[0] != '\0' &&
		    strncmp(t->text, word, strlen(word)) == 0) {
			begins = t;
			n++;
		}
	}
	*many = n > 1;
	return n == 1 ? begins : n > 1 ? NULL : arg;
}

/* What has been read so far, to say where it went wrong. */
static void
words_said(int argc, char *const *argv, int n)
{
	int	 i;

	fprintf(stderr, "mailctl");
	for (i = 0; i < n && i < argc; i++)
		fprintf(stderr, " %s", argv[i]);
	fprintf(stderr, ": ");
}

static void
words_list(const struct token *list, const char *begin)
{
	const struct token	*t;
	char			 arg[32];
	const char		*text;

	for (t = list; t->kind != TOKEN_NONE; t++) {
		text = t->text;
		if (t->kind == TOKEN_END)
			text = "(nothing more)";
		else if (t->kind == TOKEN_ARG) {
			snprintf(arg, sizeof(arg), "<%s>", t->text);
			text = arg;
		} else if (strncmp(text, begin, strlen(begin)) != 0)
			continue;
		if (t->help == NULL)
			fprintf(stderr, "  %s\n", text);
		else
			fprintf(stderr, "  %-14s %s\n", text, t->help);
	}
}

static int
words_fail(const struct token *list, int argc, char *const *argv, int n,
    const char *why, const char *begin)
{
	words_said(argc, argv, n);
	fprintf(stderr, "%s; what could stand there:\n", why);
	words_list(list, begin);
	return -1;
}

int
words_parse(const struct token *list, int argc, char *const *argv,
    struct request *r)
{
	const struct token	*t;
	const char		*why;
	char			 text[300];
	int			 i, many;

	for (i = 0; i < argc; i++) {
		if ((t = words_find(list, argv[i], &many)) == NULL) {
			snprintf(text, sizeof(text), "%s: %s", argv[i], many ?
			    "could be several words" : "not known here");
			return words_fail(list, argc, argv, i, text,
			    many ? argv[i] : "");
		}
		/* A word is taken as it is spelled out. */
		if (t->take != NULL && (why = t->take(r,
		    t->kind == TOKEN_WORD ? t->text : argv[i])) != NULL) {
			snprintf(text, sizeof(text), "%s: %s", argv[i], why);
			return words_fail(list, argc, argv, i, text, "");
		}
		if (t->run != NULL) {
			r->run = t->run;
			r->verb = t->verb;
		}
		list = t->next;
	}
	for (t = list; t->kind != TOKEN_NONE; t++)
		if (t->kind == TOKEN_END)
			return 0;
	return words_fail(list, argc, argv, argc, "a word is missing", "");
}
