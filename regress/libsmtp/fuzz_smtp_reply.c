/* Replies of a hostile server, taken in pieces; its capabilities. */
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_reply.h"
#include "libsmtp/smtp_utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned int
run(const char *p, size_t len, size_t first)
{
	struct smtp_reply_parser rp;
	struct smtp_reply	 r;
	struct smtp_caps	 caps;
	char			 text[200], status[16];
	enum codec		 codec;
	size_t			 off = 0, have = first, used;
	unsigned int		 sum = 0;

	smtp_reply_init(&rp);
	for (;;) {
		codec = smtp_reply_parse(&rp, p + off, have - off, &used, &r);
		if (codec == CODEC_DONE) {
			smtp_reply_print(&r, text, sizeof(text));
			if (strpbrk(text, "\r\n") != NULL ||
			    !smtp_utf8_valid(text, strlen(text)))
				abort();
			smtp_reply_status(&r, status, sizeof(status));
			smtp_caps_parse(&caps, &r);
			sum = sum * 31 + r.code + (unsigned int)strlen(text) +
			    caps.has;
		}
		off += used;
		if (codec == CODEC_MORE) {
			if (have == len)
				break;
			have = len;
		} else if (codec != CODEC_DONE)
			break;
	}
	smtp_reply_free(&rp);
	return sum + (unsigned int)codec;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t	 split;

	if (len == 0)
		return 0;
	split = data[0] < len - 1 ? data[0] : len - 1;
	if (run((const char *)data + 1, len - 1, len - 1) !=
	    run((const char *)data + 1, len - 1, split))
		abort();
	return 0;
}
