/*
 * Lines of a hostile client.  The first byte chooses the options; an address
 * that is taken has a canonical form that is its own.
 */
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_command.h"
#include "libsmtp/smtp_line.h"
#include "libsmtp/smtp_sasl.h"
#include "libsmtp/smtp_xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_path(const struct smtp_path *path)
{
	struct smtp_path	 again;
	char			 one[SMTP_PATH_MAX + 1];
	char			 two[SMTP_PATH_MAX + 1];
	int			 n;

	n = smtp_path_canon(path, one, sizeof(one));
	if (n == -1)
		return;
	if ((size_t)n != strlen(one) || strpbrk(one, "\r\n") != NULL)
		abort();
	if (smtp_mailbox_parse(&again, one, (size_t)n, SMTP_PATH_ALLOW_NULL |
	    SMTP_PATH_ALLOW_POSTMASTER | SMTP_PATH_ALLOW_UTF8) !=
	    SMTP_PATH_OK ||
	    smtp_path_canon(&again, two, sizeof(two)) != n ||
	    strcmp(one, two) != 0)
		abort();
	/* What the domain is nobody can be wrong about. */
	if (!(path->flags & (SMTP_PATH_NULL | SMTP_PATH_POSTMASTER)) &&
	    strchr(smtp_address_domain(one), '"') != NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct smtp_command_opts	 o = { 0, 0 };
	struct smtp_command		 c;
	struct smtp_line		 l = { 0, 0 };
	struct span			 line;
	enum codec			 codec;
	char				 text[512];
	const char			*p = (const char *)data;
	size_t				 used, n;

	if (len == 0)
		return 0;
	o.params = *p & 1 ? 0x1fff : 0;
	o.utf8 = *p & 2;
	p++;
	len--;
	for (;;) {
		codec = smtp_line_get(&l, SMTP_LINE_COMMAND, p, len, &line,
		    &used);
		p += used;
		len -= used;
		if (codec == CODEC_MORE)
			break;
		if (codec != CODEC_DONE)
			continue;
		if (smtp_command_parse(&c, line, &o) != NULL)
			continue;
		if (c.verb == SMTP_MAIL || c.verb == SMTP_RCPT)
			check_path(&c.path);
		if (c.params.orcpt.p != NULL &&
		    smtp_orcpt_decode(c.params.orcpt, text, sizeof(text)) < 0)
			abort();
		if (c.initial.p != NULL)
			smtp_sasl_decode(c.initial, 1, text, sizeof(text), &n);
	}
	return 0;
}
