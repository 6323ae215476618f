/* What a submitted message lacks (RFC 6409 8). */
#include <string.h>

#include "libmail/date.h"
#include "libmail/fixup.h"
#include "libmail/header.h"

void
fixup_scan(const void *msg, size_t len, struct fixup *f)
{
	struct header_iter it;
	struct header h;
	struct maildate d;

	memset(f, 0, sizeof(*f));
	header_iter_init(&it, msg, len);
	while (header_next(&it, &h)) {
		f->any |= h.id != HEADER_JUNK;
		switch (h.id) {
		case HEADER_RECEIVED:
			f->nreceived++;
			break;
		case HEADER_DATE:
			f->ndate++;
			f->bad_date |= date_parse(h.value, &d) == -1;
			break;
		case HEADER_FROM:
			f->nfrom++;
			break;
		case HEADER_SENDER:
			f->nsender++;
			break;
		case HEADER_MESSAGE_ID:
			f->nmsgid++;
			break;
		case HEADER_BCC:
			f->bcc = 1;
			break;
		default:
			break;
		}
	}
}

int
fixup_render(const struct fixup *f, int64_t now, int zone,
    const uint8_t rnd[16], struct span host, struct buf *out)
{
	static const char alphabet[] = "0123456789abcdefghijklmnopqrstuv";
	char date[DATE_STRLEN], id[27];
	size_t i, from = out->len;
	int r = 0;

	if (f->ndate == 0) {
		(void)date_format(date, now, zone);
		r = buf_addf(out, "Date: %s\r\n", date);
	}
	if (f->nmsgid == 0 && r == 0) {
		/* five bits to a letter, the last of them two short */
		for (i = 0; i < 26; i++) {
			unsigned int w = (unsigned int)rnd[i * 5 / 8] << 8 |
			    (i * 5 / 8 < 15 ? rnd[i * 5 / 8 + 1] : 0u);

			id[i] = alphabet[w >> (11 - i * 5 % 8) & 31];
		}
		id[26] = '\0';
		r = buf_addf(out, "Message-ID: <%s@%.*s>\r\n", id,
		    (int)(host.len < 255 ? host.len : 255), host.p);
	}
	if (r == -1)
		buf_truncate(out, from);
	return r;
}
