/* What a local program gives to sendmail -t. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_path.h"
#include "message.h"
#include "rcpt.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct message	 m;
	struct smtp_path p;
	struct rcpts	 r;
	size_t		 i;

	memset(&m, 0, sizeof(m));
	buf_init(&m.text, MESSAGE_MAX);
	if (len > 0 && buf_add(&m.text, data, len) == -1)
		return 0;
	rcpts_init(&r, "here.example");
	if (message_header(&m, &r) == 0) {
		message_measure(&m);
		if (m.size < m.text.len / 2)
			abort();
		/* Each can stand in RCPT TO. */
		for (i = 0; i < r.n; i++)
			if (strpbrk(r.v[i], "\r\n") != NULL ||
			    smtp_mailbox_parse(&p, r.v[i], strlen(r.v[i]),
			    SMTP_PATH_ALLOW_UTF8) != SMTP_PATH_OK)
				abort();
	}
	rcpts_free(&r);
	message_free(&m);
	return 0;
}
