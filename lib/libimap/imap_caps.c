#include <string.h>

#include "libimap/imap_caps.h"

/*
 * Where a capability is shown: N before login, L after it.  Those of login
 * make no sense after, and the rest is nobody's business before.
 */
#define N	0x01
#define L	0x02

static const struct {
	const char	*name;
	uint8_t		 where;
} caps[IMAP_NCAPS] = {
	[IMAP_CAP_REV1] = { "IMAP4rev1", N | L },
	[IMAP_CAP_REV2] = { "IMAP4rev2", N | L },
	[IMAP_CAP_LITERALPLUS] = { "LITERAL+", N | L },
	[IMAP_CAP_ID] = { "ID", N | L },
	[IMAP_CAP_ENABLE] = { "ENABLE", N | L },
	[IMAP_CAP_SASL_IR] = { "SASL-IR", N },
	[IMAP_CAP_IDLE] = { "IDLE", L },
	[IMAP_CAP_NAMESPACE] = { "NAMESPACE", L },
	[IMAP_CAP_CHILDREN] = { "CHILDREN", L },
	[IMAP_CAP_UNSELECT] = { "UNSELECT", L },
	[IMAP_CAP_UIDPLUS] = { "UIDPLUS", L },
	[IMAP_CAP_MOVE] = { "MOVE", L },
	[IMAP_CAP_MULTIAPPEND] = { "MULTIAPPEND", L },
	[IMAP_CAP_CATENATE] = { "CATENATE", L },
	[IMAP_CAP_BINARY] = { "BINARY", L },
	[IMAP_CAP_REPLACE] = { "REPLACE", L },
	[IMAP_CAP_APPENDLIMIT] = { "APPENDLIMIT", L },
	[IMAP_CAP_UTF8] = { "UTF8=ACCEPT", L },
	[IMAP_CAP_ESEARCH] = { "ESEARCH", L },
	[IMAP_CAP_SEARCHRES] = { "SEARCHRES", L },
	[IMAP_CAP_WITHIN] = { "WITHIN", L },
	[IMAP_CAP_FUZZY] = { "SEARCH=FUZZY", L },
	[IMAP_CAP_PARTIAL] = { "PARTIAL", L },
	[IMAP_CAP_CONTEXT_SEARCH] = { "CONTEXT=SEARCH", L },
	[IMAP_CAP_CONTEXT_SORT] = { "CONTEXT=SORT", L },
	[IMAP_CAP_MULTISEARCH] = { "MULTISEARCH", L },
	[IMAP_CAP_FILTERS] = { "FILTERS", L },
	[IMAP_CAP_SORT] = { "SORT", L },
	[IMAP_CAP_ESORT] = { "ESORT", L },
	[IMAP_CAP_SORT_DISPLAY] = { "SORT=DISPLAY", L },
	[IMAP_CAP_THREAD_SUBJECT] = { "THREAD=ORDEREDSUBJECT", L },
	[IMAP_CAP_THREAD_REFERENCES] = { "THREAD=REFERENCES", L },
	[IMAP_CAP_THREAD_REFS] = { "THREAD=REFS", L },
	[IMAP_CAP_I18NLEVEL1] = { "I18NLEVEL=1", L },
	[IMAP_CAP_LANGUAGE] = { "LANGUAGE", N | L },
	[IMAP_CAP_CONDSTORE] = { "CONDSTORE", L },
	[IMAP_CAP_QRESYNC] = { "QRESYNC", L },
	[IMAP_CAP_OBJECTID] = { "OBJECTID", L },
	[IMAP_CAP_SAVEDATE] = { "SAVEDATE", L },
	[IMAP_CAP_PREVIEW] = { "PREVIEW", L },
	[IMAP_CAP_STATUS_SIZE] = { "STATUS=SIZE", L },
	[IMAP_CAP_LIST_EXTENDED] = { "LIST-EXTENDED", L },
	[IMAP_CAP_LIST_STATUS] = { "LIST-STATUS", L },
	[IMAP_CAP_LIST_MYRIGHTS] = { "LIST-MYRIGHTS", L },
	[IMAP_CAP_LIST_METADATA] = { "LIST-METADATA", L },
	[IMAP_CAP_SPECIAL_USE] = { "SPECIAL-USE", L },
	[IMAP_CAP_CREATE_SPECIAL_USE] = { "CREATE-SPECIAL-USE", L },
	[IMAP_CAP_QUOTA] = { "QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE",
	    L },
	[IMAP_CAP_QUOTASET] = { "QUOTASET", L },
	[IMAP_CAP_METADATA] = { "METADATA", L },
	[IMAP_CAP_METADATA_SERVER] = { "METADATA-SERVER", L },
	[IMAP_CAP_ACL] = { "ACL RIGHTS=texk", L },
	[IMAP_CAP_NOTIFY] = { "NOTIFY", L },
	[IMAP_CAP_COMPRESS] = { "COMPRESS=DEFLATE", L },
	[IMAP_CAP_UNAUTHENTICATE] = { "UNAUTHENTICATE", L },
	[IMAP_CAP_INPROGRESS] = { "INPROGRESS", L },
	[IMAP_CAP_UIDONLY] = { "UIDONLY", L },
	[IMAP_CAP_MESSAGELIMIT] = { "MESSAGELIMIT", L },
	[IMAP_CAP_SAVELIMIT] = { "SAVELIMIT", L },
	[IMAP_CAP_UIDBATCHES] = { "UIDBATCHES", L },
	[IMAP_CAP_URLAUTH] = { "URLAUTH", L },
	[IMAP_CAP_URL_PARTIAL] = { "URL-PARTIAL", L },
	[IMAP_CAP_JMAPACCESS] = { "JMAPACCESS", L }
};

static int
put_cap(const struct imap_caps *c, int cap, struct buf *b)
{
	uint64_t	n = 0;

	if (buf_addstr(b, caps[cap].name) == -1)
		return -1;
	if (cap == IMAP_CAP_APPENDLIMIT)
		n = c->appendlimit;
	else if (cap == IMAP_CAP_MESSAGELIMIT)
		n = c->messagelimit;
	else if (cap == IMAP_CAP_SAVELIMIT)
		n = c->savelimit;
	if (n != 0 && buf_addf(b, "=%llu", (unsigned long long)n) == -1)
		return -1;
	return buf_addc(b, ' ');
}

static int
put_mechs(const char *mechs, struct buf *b)
{
	size_t	n;

	while (*mechs != '\0') {
		n = strcspn(mechs, " ");
		if (n > 0 && (buf_addstr(b, "AUTH=") == -1 ||
		    buf_add(b, mechs, n) == -1 || buf_addc(b, ' ') == -1))
			return -1;
		mechs += n + (mechs[n] == ' ');
	}
	return 0;
}

int
imap_caps_print(const struct imap_caps *c,
    const struct imap_session_state *st, struct buf *b)
{
	uint8_t	where = st->state == IMAP_STATE_NOAUTH ? N : L;
	int	i;

	for (i = 0; i < IMAP_NCAPS; i++) {
		if (!c->on[i] || (caps[i].where & where) == 0)
			continue;
		if (i == IMAP_CAP_COMPRESS && st->compressed)
			continue;
		if (put_cap(c, i, b) == -1)
			return -1;
	}
	if (where == N) {
		if (!st->secure && st->starttls &&
		    buf_addstr(b, "STARTTLS ") == -1)
			return -1;
		if (!st->secure && !st->plain_ok) {
			if (buf_addstr(b, "LOGINDISABLED ") == -1)
				return -1;
		} else if (c->mechs != NULL && put_mechs(c->mechs, b) == -1)
			return -1;
	}
	/* Without the last space. */
	if (b->len > 0)
		buf_truncate(b, b->len - 1);
	return 0;
}
