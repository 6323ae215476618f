/*
 * Header fields over memory (RFC 5322 2.2, 3.6.8), tolerant: bare LF, a
 * leading mbox "From " line, lines without a colon, 8-bit bytes and NULs.
 * The header ends at the first empty line or with the memory.
 */
#ifndef HEADER_H
#define HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/span.h"

/*
 * Known names.  The numbers are stored in the meta blob: only ever append.
 * HEADER_JUNK is a line that is no field; HEADER_OTHER any further name.
 */
enum header_id {
	HEADER_OTHER, HEADER_JUNK,
	HEADER_DATE, HEADER_SUBJECT, HEADER_FROM, HEADER_SENDER,
	HEADER_REPLY_TO, HEADER_TO, HEADER_CC, HEADER_BCC,
	HEADER_IN_REPLY_TO, HEADER_MESSAGE_ID, HEADER_REFERENCES,
	HEADER_MIME_VERSION, HEADER_CONTENT_TYPE,
	HEADER_CONTENT_TRANSFER_ENCODING, HEADER_CONTENT_ID,
	HEADER_CONTENT_DESCRIPTION, HEADER_CONTENT_DISPOSITION,
	HEADER_CONTENT_LANGUAGE, HEADER_CONTENT_LOCATION, HEADER_CONTENT_MD5,
	HEADER_RECEIVED, HEADER_RETURN_PATH, HEADER_DELIVERED_TO,
	HEADER_RESENT_DATE, HEADER_RESENT_FROM, HEADER_RESENT_SENDER,
	HEADER_RESENT_TO, HEADER_RESENT_CC, HEADER_RESENT_BCC,
	HEADER_RESENT_MESSAGE_ID,
	HEADER_DKIM_SIGNATURE, HEADER_ARC_SEAL, HEADER_ARC_MESSAGE_SIGNATURE,
	HEADER_ARC_AUTHENTICATION_RESULTS, HEADER_AUTHENTICATION_RESULTS,
	HEADER_RECEIVED_SPF,
	HEADER_LIST_ID, HEADER_LIST_UNSUBSCRIBE, HEADER_LIST_POST,
	HEADER_LIST_HELP, HEADER_LIST_ARCHIVE, HEADER_LIST_SUBSCRIBE,
	HEADER_PRECEDENCE, HEADER_AUTO_SUBMITTED,
	HEADER_X_MAILER, HEADER_USER_AGENT, HEADER_X_PRIORITY,
	HEADER_IMPORTANCE, HEADER_PRIORITY, HEADER_X_SPAM_FLAG,
	HEADER_X_SPAM_STATUS, HEADER_X_ORIGINAL_TO, HEADER_COMMENTS,
	HEADER_KEYWORDS, HEADER_ORGANIZATION, HEADER_NEWSGROUPS,
	HEADER_THREAD_TOPIC, HEADER_THREAD_INDEX,
	HEADER_DISPOSITION_NOTIFICATION_TO, HEADER_LIST_UNSUBSCRIBE_POST,
	HEADER_FEEDBACK_ID, HEADER_X_SPAM_SCORE,
	HEADER_NIDS
};

struct header {
	enum header_id	id;
	struct span	name;	/* without white space before the colon */
	struct span	value;	/* after the colon, folds kept, no line end */
	struct span	raw;	/* the whole field with its line end */
};

struct header_iter {
	const char	*start, *pos, *end;
	const char	*body;	/* after the empty line; NULL until the end */
};

void	header_iter_init(struct header_iter *, const void *, size_t);
/*
 * 1: a field; 0: the header is over and iter->body set (to the end of the
 * memory when no empty line came).  A field that the end of the memory cuts
 * is returned as it is.
 */
int	header_next(struct header_iter *, struct header *);
/* First field of that name; 1 or 0. */
int	header_find(const void *, size_t, struct span name, struct header *);
/* Length of the header with its empty line. */
size_t	header_length(const void *, size_t);

enum header_id	 header_id(struct span name);	/* HEADER_OTHER if unknown */
struct span	 header_name(enum header_id);	/* as commonly spelled */
/* Of the name in lower case; never 0. */
uint32_t	 header_name_hash(struct span name);

/* Value without line ends, without white space at either end. */
int	header_unfold(struct span value, struct buf *out);
/* Cut white space and line ends off both ends. */
struct span header_trim(struct span);

#endif
