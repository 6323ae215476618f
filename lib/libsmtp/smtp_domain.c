/* Domains and address literals to their one form. */

#include <ctype.h>
#include <string.h>

#include <idn2.h>

#include "libutil/addr.h"
#include "libsmtp/smtp_path.h"
#include "libsmtp/smtp_utf8.h"

/* [192.0.2.1], [IPv6:2001:db8::1] (RFC 5321 4.1.3); other tags: none known. */
static int
literal_canon(struct span d, char *dst, size_t dstsize)
{
	char		 text[64], out[ADDR_STRLEN];
	struct addr	 addr;
	size_t		 n;
	int		 v6 = 0;

	if (d.len < 3 || d.p[d.len - 1] != ']')
		return -1;
	d.p++;
	d.len -= 2;
	if (d.len > 5 && strncasecmp(d.p, "IPv6:", 5) == 0) {
		d.p += 5;
		d.len -= 5;
		v6 = 1;
	}
	if (d.len == 0 || d.len >= sizeof(text))
		return -1;
	memcpy(text, d.p, d.len);
	text[d.len] = '\0';
	n = strspn(text, v6 ? "0123456789abcdefABCDEF:." : "0123456789.");
	if (n != d.len || (v6 && strchr(text, ':') == NULL) ||
	    addr_parse(&addr, text) != 0)
		return -1;
	if (addr_print_literal(&addr, out, sizeof(out)) == NULL)
		return -1;
	n = strlen(out);
	if (n >= dstsize)
		return -1;
	memcpy(dst, out, n + 1);
	return (int)n;
}

/* Lower case; labels of 1 to 63, not beginning or ending with a hyphen. */
static int
ascii_canon(struct span d, char *dst, size_t dstsize)
{
	size_t	 i, label = 0;
	int	 c;

	if (d.len == 0 || d.len > SMTP_PATH_DOMAIN_MAX || d.len >= dstsize)
		return -1;
	for (i = 0; i < d.len; i++) {
		c = (unsigned char)d.p[i];
		if (c == '.') {
			if (label == 0 || d.p[i - 1] == '-')
				return -1;
			label = 0;
		} else if (isalnum(c) || c == '_' || (c == '-' && label > 0)) {
			if (++label > 63)
				return -1;
		} else
			return -1;
		dst[i] = (char)tolower(c);
	}
	if (label == 0 || dst[d.len - 1] == '-')
		return -1;
	dst[d.len] = '\0';
	return (int)d.len;
}

int
smtp_domain_canon(struct span d, char *dst, size_t dstsize)
{
	uint8_t	 in[SMTP_PATH_DOMAIN_MAX + 1], *ascii = NULL;
	int	 n;

	if (d.len > 0 && d.p[0] == '[')
		return literal_canon(d, dst, dstsize);
	if (!smtp_has_8bit(d.p, d.len))
		return ascii_canon(d, dst, dstsize);
	if (d.len > SMTP_PATH_DOMAIN_MAX || memchr(d.p, 0, d.len) != NULL ||
	    !smtp_utf8_valid(d.p, d.len))
		return -1;
	memcpy(in, d.p, d.len);
	in[d.len] = '\0';
	if (idn2_lookup_u8(in, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) !=
	    IDN2_OK)
		return -1;
	/* The mapping can bring dots and more: look again. */
	n = ascii_canon(span_of((char *)ascii), dst, dstsize);
	idn2_free(ascii);
	return n;
}
