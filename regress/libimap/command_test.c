/* Each command, well and badly formed: whole, cut in two, byte by byte. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

struct row {
	const char	*in;		/* without its line end */
	const char	*out;		/* transcript of the one event */
};

/* A proper beginning of a good command is never refused. */
static void
check_prefixes(const char *line, size_t len)
{
	struct imap_command	*cmd;
	enum codec		 r;
	size_t			 n;
	char			*copy;

	ATF_REQUIRE((cmd = imap_command_new(1 << 20)) != NULL);
	for (n = 0; n < len; n++) {
		ATF_REQUIRE((copy = malloc(n + 1)) != NULL);
		memcpy(copy, line, n);
		copy[n] = 'x';
		r = imap_command_parse(cmd, (struct span){ copy, n });
		if (r != CODEC_MORE)
			atf_tc_fail_nonfatal("%.*s: %d %s", (int)n, line,
			    r, cmd->why);
		imap_command_reset(cmd);
		free(copy);
	}
	imap_command_free(cmd);
}

static void
check_cuts(const char *in, size_t len, const char *want)
{
	size_t	cut;
	char	*got;

	for (cut = 0; cut <= len + 1; cut++) {
		got = cut <= len ?
		    feed_cut(&imap_limits_auth, in, len, cut) :
		    feed_pieces(&imap_limits_auth, in, len, 1);
		if (strcmp(got, want) != 0) {
			atf_tc_fail_nonfatal("%s cut at %zu:\n got %swant %s",
			    in, cut, got, want);
			free(got);
			return;
		}
		free(got);
	}
}

static void
check(const struct row *r, size_t n)
{
	char	line[4096], want[4096];
	size_t	i;
	int	len;

	for (i = 0; i < n; i++) {
		len = snprintf(line, sizeof(line), "%s\r\n", r[i].in);
		snprintf(want, sizeof(want), "%s\n", r[i].out);
		ATF_REQUIRE(len > 0 && (size_t)len < sizeof(line));
		check_cuts(line, (size_t)len, want);
		if (strncmp(r[i].out, "OK ", 3) == 0 &&
		    strchr(r[i].in, '{') == NULL)
			check_prefixes(line, (size_t)len);
	}
}

#define CHECK(rows)	check(rows, sizeof(rows) / sizeof(rows[0]))

ATF_TC_WITHOUT_HEAD(session);
ATF_TC_BODY(session, tc)
{
	static const struct row rows[] = {
{ "a CAPABILITY", "OK a CAPABILITY" },
{ "a.b-1 noop", "OK a.b-1 NOOP" },
{ "a NOOP ", "BAD a unexpected text at the end" },
{ "a NOOP x", "BAD a unexpected text at the end" },
{ "a LOGOUT", "OK a LOGOUT" },
{ "a STARTTLS", "OK a STARTTLS" },
{ "a LOGIN joe secret", "OK a LOGIN user=[joe] pass=[secret]" },
{ "a login \"joe\" \"a\\\"b\\\\c\"", "OK a LOGIN user=[joe] pass=[a\"b\\c]" },
{ "a LOGIN joe \"\"", "OK a LOGIN user=[joe] pass=[]" },
{ "a LOGIN {3+}\r\njoe {2+}\r\n{}", "OK a LOGIN user=[joe] pass=[{}]" },
{ "a LOGIN joe", "BAD a space expected" },
{ "a LOGIN joe pass word", "BAD a unexpected text at the end" },
{ "a LOGIN joe \"x", "BAD a bad quoted string" },
{ "a LOGIN joe \"\\n\"", "BAD a bad quoted string" },
{ "a LOGIN (joe) x", "BAD a string expected" },
{ "a LOGIN joe x]", "OK a LOGIN user=[joe] pass=[x]]" },
{ "a LOGIN joe ~{1+}\r\nx", "BAD a unexpected text at the end" },
{ "a AUTHENTICATE PLAIN", "OK a AUTHENTICATE mech=[PLAIN]" },
{ "a AUTHENTICATE PLAIN =", "OK a AUTHENTICATE mech=[PLAIN] ir=[]" },
{ "a AUTHENTICATE SCRAM-SHA-256 biws", "OK a AUTHENTICATE "
    "mech=[SCRAM-SHA-256] ir=[biws]" },
{ "a AUTHENTICATE PLAIN AGEAYg==", "OK a AUTHENTICATE mech=[PLAIN] "
    "ir=[AGEAYg==]" },
{ "a AUTHENTICATE PLAIN A=G", "BAD a unexpected text at the end" },
{ "a AUTHENTICATE PLAIN ", "BAD a base64 expected" },
{ "a ENABLE CONDSTORE foo", "OK a ENABLE bits=1" },
{ "a ENABLE qresync UTF8=ACCEPT IMAP4rev2", "OK a ENABLE bits=f" },
{ "a ENABLE", "BAD a space expected" },
{ "a ID NIL", "OK a ID" },
{ "a ID ()", "OK a ID" },
{ "a ID (\"name\" \"x\" \"version\" NIL)", "OK a ID [name]=[x] "
    "[version]=NIL" },
{ "a ID (\"name\")", "BAD a space expected" },
{ "a ID foo", "BAD a string or NIL expected" },
{ "a COMPRESS DEFLATE", "OK a COMPRESS word=[DEFLATE]" },
{ "a UNAUTHENTICATE", "OK a UNAUTHENTICATE" },
{ "a LANGUAGE", "OK a LANGUAGE" },
{ "a LANGUAGE \"de\" en", "OK a LANGUAGE [de] [en]" },
{ "a COMPARATOR \"i;octet\"", "OK a COMPARATOR [i;octet]" },
{ "a IDLE", "OK a IDLE" },
{ "a GETJMAPACCESS", "OK a GETJMAPACCESS" },
{ "a FOO", "BAD a unknown command" },
{ "a UID FOO", "BAD a unknown command" },
{ "a UID NOOP", "BAD a unknown command" },
{ "a", "BAD a space expected" },
{ "", "BAD * bad tag" },
{ "+ NOOP", "BAD * bad tag" },
{ "a\tNOOP", "BAD a space expected" },
{ "a  NOOP", "BAD a name expected" },
{ "(a) NOOP", "BAD * bad tag" },
{ "1234567890123456789012345678901234567890123456789012345678901234 NOOP",
    "OK 1234567890123456789012345678901234567890123456789012345678901234 "
    "NOOP" },
{ "12345678901234567890123456789012345678901234567890123456789012345 NOOP",
    "BAD * tag too long" }
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(mailbox);
ATF_TC_BODY(mailbox, tc)
{
	static const struct row rows[] = {
{ "a SELECT INBOX", "OK a SELECT mbox=[INBOX]" },
{ "a EXAMINE \"a b\"", "OK a EXAMINE mbox=[a b]" },
{ "a SELECT {3+}\r\na/b", "OK a SELECT mbox=[a/b]" },
{ "a SELECT INBOX (CONDSTORE)", "OK a SELECT mbox=[INBOX] condstore" },
{ "a SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211,214))",
    "OK a SELECT mbox=[INBOX] uidvalidity=67890007 "
    "modseq=20050715194045000 known=41,43:211,214" },
{ "a SELECT x (QRESYNC (1 2 3:4 (5,6 7,8)) CONDSTORE)", "OK a SELECT "
    "mbox=[x] condstore uidvalidity=1 modseq=2 known=3:4 seqs=5,6 uids=7,8" },
{ "a SELECT x (QRESYNC (1 2 (5 7)))", "OK a SELECT mbox=[x] "
    "uidvalidity=1 modseq=2 seqs=5 uids=7" },
{ "a SELECT x (QRESYNC (1 2 *))", "BAD a number expected" },
{ "a SELECT x (QRESYNC (1))", "BAD a space expected" },
{ "a SELECT x (QRESYNC 1 2)", "BAD a ( expected" },
{ "a SELECT x (FOO)", "BAD a no such parameter" },
{ "a SELECT x ()", "BAD a name expected" },
{ "a SELECT", "BAD a space expected" },
{ "a SELECT a%", "BAD a unexpected text at the end" },
{ "a CREATE a/b/", "OK a CREATE mbox=[a/b/] use=0" },
{ "a CREATE x (USE (\\Drafts \\Sent))", "OK a CREATE mbox=[x] use=24" },
{ "a CREATE x (USE (\\Foo))", "OK a CREATE mbox=[x] use=0?" },
{ "a CREATE x (USE ())", "OK a CREATE mbox=[x] use=0" },
{ "a CREATE x (USE (Drafts))", "BAD a unexpected character" },
{ "a CREATE x (SIZE 1)", "BAD a no such parameter" },
{ "a DELETE x", "OK a DELETE mbox=[x]" },
{ "a RENAME x \"y z\"", "OK a RENAME from=[x] to=[y z]" },
{ "a RENAME x", "BAD a space expected" },
{ "a SUBSCRIBE x", "OK a SUBSCRIBE mbox=[x]" },
{ "a UNSUBSCRIBE x", "OK a UNSUBSCRIBE mbox=[x]" },
{ "a NAMESPACE", "OK a NAMESPACE" },
{ "a STATUS x (MESSAGES unseen)", "OK a STATUS mbox=[x] items=11" },
{ "a STATUS x (RECENT UIDNEXT UIDVALIDITY DELETED SIZE HIGHESTMODSEQ "
    "APPENDLIMIT MAILBOXID DELETED-STORAGE)",
    "OK a STATUS mbox=[x] items=7ee" },
{ "a STATUS x ()", "BAD a name expected" },
{ "a STATUS x (FOO)", "BAD a no such option" },
{ "a STATUS x MESSAGES", "BAD a ( expected" },
{ "a CHECK", "OK a CHECK" },
{ "a CLOSE", "OK a CLOSE" },
{ "a UNSELECT", "OK a UNSELECT" }
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(list);
ATF_TC_BODY(list, tc)
{
	static const struct row rows[] = {
{ "a LIST \"\" *", "OK a LIST ref=[] [*] sel=0 ret=0" },
{ "a LIST \"\" \"\"", "OK a LIST ref=[] [] sel=0 ret=0" },
{ "a LIST foo/ %/b]", "OK a LIST ref=[foo/] [%/b]] sel=0 ret=0" },
{ "a LSUB \"\" %", "OK a LSUB ref=[] [%] sel=1 ret=0" },
{ "a LSUB \"\" (a b)", "BAD a mailbox pattern expected" },
{ "a LIST () \"\" %", "OK a LIST ref=[] [%] ext sel=0 ret=0" },
{ "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (a b*)", "OK a LIST ref=[] "
    "[a] [b*] ext sel=5 ret=0" },
{ "a LIST (SPECIAL-USE REMOTE) \"\" *", "OK a LIST ref=[] [*] ext sel=10 "
    "ret=0" },
{ "a LIST (RECURSIVEMATCH) \"\" *", "BAD a RECURSIVEMATCH alone" },
{ "a LIST (RECURSIVEMATCH REMOTE) \"\" *", "BAD a RECURSIVEMATCH alone" },
{ "a LIST \"\" * RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)", "OK a LIST "
    "ref=[] [*] ext sel=0 ret=7" },
{ "a LIST \"\" * RETURN ()", "OK a LIST ref=[] [*] ext sel=0 ret=0" },
{ "a LIST \"\" % RETURN (STATUS (MESSAGES UIDNEXT) MYRIGHTS METADATA "
    "(/shared/comment \"/private/x y\"))", "OK a LIST ref=[] [%] ext sel=0 "
    "ret=56 status=5 [/shared/comment] [/private/x y]" },
{ "a LIST \"\" % RETURN STATUS", "BAD a ( expected" },
{ "a LIST \"\" % RETURN (STATUS)", "BAD a space expected" },
{ "a LIST \"\" % FOO (STATUS)", "BAD a RETURN expected" },
{ "a LIST (FOO) \"\" %", "BAD a no such option" },
{ "a LIST \"\"", "BAD a space expected" },
{ "a LIST \"\" ()", "BAD a mailbox pattern expected" }
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(message);
ATF_TC_BODY(message, tc)
{
	static const struct row rows[] = {
{ "a EXPUNGE", "OK a EXPUNGE" },
{ "a UID EXPUNGE 3000:3002", "OK a UID EXPUNGE set=3000:3002" },
{ "a UID EXPUNGE", "BAD a space expected" },
{ "a EXPUNGE 1", "BAD a unexpected text at the end" },
{ "a COPY 2:4 MEETING", "OK a COPY set=2:4 mbox=[MEETING]" },
{ "a UID MOVE 1,*:3,$ x", "BAD a number expected" },
{ "a UID MOVE 1,*:3,5 x", "OK a UID MOVE set=1,0:3,5 mbox=[x]" },
{ "a MOVE $ x", "OK a MOVE set=$ mbox=[x]" },
{ "a MOVE 0 x", "BAD a number expected" },
{ "a MOVE 4294967295 x", "OK a MOVE set=4294967295 mbox=[x]" },
{ "a MOVE 4294967296 x", "BAD a number too large" },
{ "a MOVE 1, x", "BAD a number expected" },
{ "a MOVE 1:2:3 x", "BAD a space expected" },
{ "a MOVE 01 x", "BAD a number expected" },
{ "a STORE 1 FLAGS (\\Seen)", "OK a STORE set=1 op=0 flags=8" },
{ "a STORE 1 +FLAGS \\Seen \\deleted", "OK a STORE set=1 op=1 flags=c" },
{ "a UID STORE 1:* -FLAGS.SILENT ($Junk $junk Foo)", "OK a UID STORE "
    "set=1:0 op=2 silent flags=0,[$Junk],[Foo]" },
{ "a STORE 1 FLAGS ()", "OK a STORE set=1 op=0 flags=0" },
{ "a STORE 1 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Draft)",
    "OK a STORE set=1 op=1 silent unchangedsince=320162338 flags=10" },
{ "a STORE 1 (FOO 1) FLAGS ()", "BAD a no such store modifier" },
{ "a STORE 1 FLAGS (\\Recent)", "BAD a no such system flag" },
{ "a STORE 1 FLAGS (\\Foo)", "BAD a no such system flag" },
{ "a STORE 1 FLAGS (\\)", "BAD a atom expected" },
{ "a STORE 1 FLAGS (a  b)", "BAD a atom expected" },
{ "a STORE 1 FLAGS (a", "BAD a ) expected" },
{ "a STORE 1 FLAGS", "BAD a space expected" },
{ "a STORE 1 XFLAGS ()", "BAD a no such store item" }
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(fetch);
ATF_TC_BODY(fetch, tc)
{
	static const struct row rows[] = {
{ "a FETCH 1 FLAGS", "OK a FETCH set=1 FLAGS costs=2" },
{ "a FETCH 1 (UID)", "OK a FETCH set=1 UID costs=1" },
{ "a UID FETCH 1:* (FLAGS)", "OK a UID FETCH set=1:0 FLAGS UID costs=3" },
{ "a FETCH 1 ALL", "OK a FETCH set=1 FLAGS INTERNALDATE RFC822.SIZE "
    "ENVELOPE costs=22" },
{ "a FETCH 1 fast", "OK a FETCH set=1 FLAGS INTERNALDATE RFC822.SIZE "
    "costs=6" },
{ "a FETCH 1 FULL", "OK a FETCH set=1 FLAGS INTERNALDATE RFC822.SIZE "
    "ENVELOPE BODY costs=22" },
{ "a FETCH 1 (ALL)", "BAD a no such fetch item" },
{ "a FETCH 1 (FLAGS FLAGS BODYSTRUCTURE)", "OK a FETCH set=1 FLAGS "
    "BODYSTRUCTURE costs=18" },
{ "a FETCH 1 (MODSEQ EMAILID THREADID SAVEDATE)", "OK a FETCH set=1 MODSEQ "
    "EMAILID THREADID SAVEDATE costs=6" },
{ "a FETCH 1 BODY[]", "OK a FETCH set=1 BODY[] seen costs=64" },
{ "a FETCH 1 body.peek[]<0.2048>", "OK a FETCH set=1 BODY[]<0>+2048^ "
    "costs=64" },
{ "a FETCH 1 BODY[TEXT]", "OK a FETCH set=1 BODY[TEXT] seen costs=80" },
{ "a FETCH 1 BODY.PEEK[HEADER]", "OK a FETCH set=1 BODY[HEADER]^ costs=32" },
{ "a FETCH 1 BODY.PEEK[header.fields (date \"from\")]", "OK a FETCH set=1 "
    "BODY[HEADER.FIELDS (DATE FROM)]^ costs=32" },
{ "a FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (X-{2+}\r\nab", "BAD a ) expected" },
{ "a FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT ({3+}\r\nx-a)]", "OK a FETCH "
    "set=1 BODY[HEADER.FIELDS.NOT (X-A)]^ costs=32" },
{ "a FETCH 1 BODY[1]", "OK a FETCH set=1 BODY[1] seen costs=80" },
{ "a FETCH 1 BODY[1.2.MIME]", "OK a FETCH set=1 BODY[1.2.MIME] seen "
    "costs=80" },
{ "a FETCH 1 BODY[4.1.HEADER.FIELDS (A)]<5.6>", "OK a FETCH set=1 "
    "BODY[4.1.HEADER.FIELDS (A)]<5>+6 seen costs=80" },
{ "a FETCH 1 BODY[MIME]", "BAD a no such section" },
{ "a FETCH 1 BODY[0]", "BAD a number expected" },
{ "a FETCH 1 BODY[1.]", "BAD a name expected" },
{ "a FETCH 1 BODY[1..2]", "BAD a no such section" },
{ "a FETCH 1 BODY[FOO]", "BAD a no such section" },
{ "a FETCH 1 BODY[HEADER.FIELDS ()]", "BAD a string expected" },
{ "a FETCH 1 BODY[HEADER.FIELDS (a:b)]", "BAD a bad header field name" },
{ "a FETCH 1 BODY[]<0>", "BAD a unexpected character" },
{ "a FETCH 1 BODY[]<0.0>", "BAD a number expected" },
{ "a FETCH 1 BODY[", "BAD a name expected" },
{ "a FETCH 1 RFC822", "OK a FETCH set=1 RFC822 seen costs=64" },
{ "a FETCH 1 (RFC822.HEADER RFC822.TEXT)", "OK a FETCH set=1 "
    "RFC822.HEADER^ RFC822.TEXT seen costs=112" },
{ "a FETCH 1 (RFC822.SIZE)", "OK a FETCH set=1 RFC822.SIZE costs=4" },
{ "a FETCH 1 BINARY[1]<0.10>", "OK a FETCH set=1 BINARY[1]<0>+10 seen "
    "costs=80" },
{ "a FETCH 1 (BINARY.PEEK[1.2] BINARY.SIZE[2])", "OK a FETCH set=1 "
    "BINARY[1.2]^ BINARY.SIZE[2]^ costs=80" },
{ "a FETCH 1 BINARY.SIZE[2]<0.1>", "BAD a unexpected text at the end" },
{ "a FETCH 1 BINARY[TEXT]", "BAD a no such section" },
{ "a FETCH 1 BINARY[1.TEXT]", "BAD a no such section" },
{ "a FETCH 1 PREVIEW", "OK a FETCH set=1 PREVIEW costs=16" },
{ "a FETCH 1 (PREVIEW (LAZY) UID)", "OK a FETCH set=1 PREVIEW?lazy UID "
    "costs=17" },
{ "a FETCH 1 PREVIEW (LAZY)", "OK a FETCH set=1 PREVIEW?lazy costs=16" },
{ "a FETCH 1 PREVIEW (CHANGEDSINCE 5)", "OK a FETCH set=1 PREVIEW MODSEQ "
    "changedsince=5 costs=18" },
{ "a FETCH 1 (PREVIEW (FOO))", "BAD a no such modifier" },
{ "a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345 VANISHED)", "OK a UID FETCH "
    "set=1:0 FLAGS MODSEQ UID changedsince=12345 vanished costs=3" },
{ "a FETCH 1:* (FLAGS) (CHANGEDSINCE 12345 VANISHED)", "BAD a VANISHED "
    "needs UID FETCH" },
{ "a UID FETCH 1:* (FLAGS) (VANISHED)", "BAD a VANISHED needs "
    "CHANGEDSINCE" },
{ "a UID FETCH 1:* FLAGS (PARTIAL -1:-30)", "OK a UID FETCH set=1:0 FLAGS "
    "UID partial=-1:-30 costs=3" },
{ "a UID FETCH 1:* FLAGS (PARTIAL -1:30)", "BAD a bad partial range" },
{ "a UID FETCH 1:* FLAGS (PARTIAL 0:30)", "BAD a number expected" },
{ "a FETCH 1 FOO", "BAD a no such fetch item" },
{ "a FETCH 1 ()", "BAD a name expected" },
{ "a FETCH 1", "BAD a space expected" },
{ "a FETCH FLAGS 1", "BAD a number expected" }
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(admin);
ATF_TC_BODY(admin, tc)
{
	static const struct row rows[] = {
{ "a GETQUOTA \"\"", "OK a GETQUOTA word=[]" },
{ "a GETQUOTAROOT INBOX", "OK a GETQUOTAROOT mbox=[INBOX]" },
{ "a SETQUOTA \"\" (STORAGE 512 MESSAGE 10)", "OK a SETQUOTA root=[] "
    "[STORAGE]=512 [MESSAGE]=10" },
{ "a SETQUOTA \"\" ()", "OK a SETQUOTA root=[]" },
{ "a SETQUOTA \"\" (STORAGE)", "BAD a space expected" },
{ "a SETQUOTA \"\" (STORAGE 9223372036854775808)", "BAD a number too "
    "large" },
{ "a GETMETADATA \"\" /shared/comment", "OK a GETMETADATA mbox=[] "
    "[/shared/comment]" },
{ "a GETMETADATA x (/a/b /c/d)", "OK a GETMETADATA mbox=[x] [/a/b] [/c/d]" },
{ "a GETMETADATA (MAXSIZE 1024 DEPTH infinity) x /a", "OK a GETMETADATA "
    "mbox=[x] [/a] maxsize=1024 depth=-1" },
{ "a GETMETADATA x (DEPTH 1) (/a)", "OK a GETMETADATA mbox=[x] [/a] "
    "depth=1" },
{ "a GETMETADATA x (DEPTH 2) (/a)", "BAD a bad depth" },
{ "a GETMETADATA x (a)", "BAD a space expected" },
{ "a GETMETADATA x /a*", "BAD a unexpected text at the end" },
{ "a GETMETADATA x \"/a*\"", "BAD a bad entry name" },
{ "a GETMETADATA x /a//b", "BAD a bad entry name" },
{ "a GETMETADATA x /a/", "BAD a bad entry name" },
{ "a SETMETADATA x (/a \"v\" /b NIL /c ~{2+}\r\n{})", "OK a SETMETADATA "
    "mbox=[x] [/a]=[v] [/b]=NIL [/c]=[{}]~" },
{ "a SETMETADATA x (/a)", "BAD a space expected" },
{ "a SETMETADATA x ()", "BAD a string expected" },
{ "a SETACL x joe +lrs", "OK a SETACL mbox=[x] id=[joe] rights=[lrs] +" },
{ "a SETACL x joe \"\"", "OK a SETACL mbox=[x] id=[joe] rights=[]" },
{ "a SETACL x joe LR", "BAD a bad rights" },
{ "a DELETEACL x joe", "OK a DELETEACL mbox=[x] id=[joe]" },
{ "a GETACL x", "OK a GETACL mbox=[x]" },
{ "a LISTRIGHTS x joe", "OK a LISTRIGHTS mbox=[x] id=[joe]" },
{ "a MYRIGHTS x", "OK a MYRIGHTS mbox=[x]" }
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(extensions);
ATF_TC_BODY(extensions, tc)
{
	static const struct row rows[] = {
{ "a NOTIFY NONE", "OK a NOTIFY none" },
{ "a NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS "
    "(From)]) MessageExpunge))", "OK a NOTIFY in0 events=3 UID "
    "BODY[HEADER.FIELDS (FROM)]^" },
{ "a NOTIFY SET STATUS (selected-delayed (MessageNew MessageExpunge)) "
    "(inboxes (MessageNew)) (personal NONE)", "OK a NOTIFY status in1 "
    "events=3 in2 events=1 in3 events=0" },
{ "a NOTIFY SET (subtree (a \"b c\") (FlagChange Foo))", "OK a NOTIFY in5 "
    "[a] [b c] events=4?" },
{ "a NOTIFY SET (mailboxes x (MailboxName SubscriptionChange))",
    "OK a NOTIFY in7 [x] events=30" },
{ "a NOTIFY SET", "BAD a space expected" },
{ "a NOTIFY SET (foo NONE)", "BAD a no such mailbox filter" },
{ "a NOTIFY SET (selected ())", "BAD a name expected" },
{ "a NOTIFY FOO", "BAD a SET or NONE expected" },
{ "a ESEARCH IN (mailboxes (a b) subtree-one c) UNSEEN", "OK a ESEARCH in7 "
    "[a] [b] in6 [c] ret=4 and(not(flag 8))" },
{ "a ESEARCH IN (personal) RETURN (COUNT) CHARSET UTF-8 ALL", "OK a ESEARCH "
    "in3 ret=8 charset=[UTF-8] and(all)" },
{ "a ESEARCH RETURN () ALL", "OK a ESEARCH ret=4 and(all)" },
{ "a ESEARCH IN () ALL", "BAD a name expected" },
{ "a CANCELUPDATE \"A1\" \"A2\"", "OK a CANCELUPDATE [A1] [A2]" },
{ "a CANCELUPDATE A1", "BAD a unexpected character" },
{ "a UIDBATCHES 2000", "OK a UIDBATCHES size=2000 first=0 last=0" },
{ "a UIDBATCHES 2000 10:20", "OK a UIDBATCHES size=2000 first=10 last=20" },
{ "a UIDBATCHES 2000 10", "BAD a unexpected character" },
{ "a GENURLAUTH \"imap://x\" INTERNAL", "OK a GENURLAUTH "
    "[imap://x]=[INTERNAL]" },
{ "a RESETKEY", "OK a RESETKEY" },
{ "a RESETKEY INBOX INTERNAL", "OK a RESETKEY [INBOX] [INTERNAL]" },
{ "a URLFETCH \"imap://x\" (\"imap://y\" BODYPARTSTRUCTURE BINARY)",
    "OK a URLFETCH [imap://x]=NIL [imap://y]=[BODYPARTSTRUCTURE BINARY]" }
	};

	CHECK(rows);
}

/* bsearch needs it, and each id must have its row. */
ATF_TC_WITHOUT_HEAD(table);
ATF_TC_BODY(table, tc)
{
	const struct imap_command_def	*d = imap_command_table;
	int				 i, seen[IMAP_NCOMMANDS] = { 0 };

	for (i = 0; i < IMAP_NCOMMANDS; i++) {
		if (i > 0)
			ATF_CHECK(strcmp(d[i - 1].name, d[i].name) < 0);
		ATF_CHECK_EQ(imap_command_find(span_of(d[i].name)), &d[i]);
		seen[d[i].id]++;
	}
	for (i = 0; i < IMAP_NCOMMANDS; i++)
		ATF_CHECK_EQ(seen[i], 1);
	ATF_CHECK(imap_command_find(SPAN("")) == NULL);
	ATF_CHECK(imap_command_find(SPAN("FETC")) == NULL);
	ATF_CHECK(imap_command_find(SPAN("FETCHX")) == NULL);
	ATF_CHECK(imap_command_find(SPAN("fetch")) != NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, session);
	ATF_TP_ADD_TC(tp, mailbox);
	ATF_TP_ADD_TC(tp, list);
	ATF_TP_ADD_TC(tp, message);
	ATF_TP_ADD_TC(tp, fetch);
	ATF_TP_ADD_TC(tp, admin);
	ATF_TP_ADD_TC(tp, extensions);
	ATF_TP_ADD_TC(tp, table);
	return atf_no_error();
}
