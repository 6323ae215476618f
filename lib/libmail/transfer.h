/* Content-Transfer-Encoding (RFC 2045 6): tolerant decoders, encoders. */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/span.h"

/* Stored in the meta blob: only ever append. */
enum transfer {
	TRANSFER_7BIT, TRANSFER_8BIT, TRANSFER_BINARY, TRANSFER_QP,
	TRANSFER_BASE64, TRANSFER_UNKNOWN
};

/* Of a Content-Transfer-Encoding token; "" is 7bit. */
enum transfer	transfer_lookup(struct span);

/*
 * A stream.  Any split of the input gives the same output.  Identity and
 * unknown encodings copy.  Broken input is decoded as far as it makes sense:
 * base64 steps over foreign bytes and takes padding in the middle as the
 * start of the next piece; quoted-printable copies a `=' that begins nothing.
 * broken is set then (BINARY answers UNKNOWN-CTE or decodes, as it likes).
 */
#define TRANSFER_HOLD	40

struct transfer_dec {
	enum transfer	enc;
	uint8_t		broken;
	uint8_t		n;		/* base64: characters in bits */
	uint8_t		pad;		/* base64: padding was seen */
	uint8_t		nhold;		/* qp: not decided yet */
	uint32_t	bits;
	uint8_t		hold[TRANSFER_HOLD];
};

void	transfer_dec_init(struct transfer_dec *, enum transfer);
/* 0, or -1 when out is full or ENOMEM. */
int	transfer_dec_add(struct transfer_dec *, const void *, size_t,
	    struct buf *out);
int	transfer_dec_end(struct transfer_dec *, struct buf *out);
int	transfer_decode(enum transfer, const void *, size_t, struct buf *out);

/* 0..63, or -1: not of the base64 alphabet. */
int	transfer_base64_value(unsigned char);
/* 0..15, or -1. */
int	transfer_hex_value(unsigned char);

/* Lines of 76, CRLF after each. */
int	transfer_encode_base64(const void *, size_t, struct buf *out);
/* Text with CRLF or LF lines; soft line breaks at 76. */
int	transfer_encode_qp(const void *, size_t, struct buf *out);

#endif
