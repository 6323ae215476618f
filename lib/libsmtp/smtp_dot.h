/*
 * The body of a message on the wire: what follows DATA (RFC 5321 4.5.2) or
 * BDAT (RFC 3030), as a stream.  Only CRLF ends a line and only
 * <CRLF>.<CRLF> ends a message; a CR or LF that stands alone spoils it, so
 * that no other server's view of where it ends can be smuggled past us.
 */
#ifndef SMTP_DOT_H
#define SMTP_DOT_H

#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

#include "libsmtp/smtp_answer.h"
#include "libutil/codec.h"

#define SMTP_DOT_LINE	998	/* RFC 5321 4.5.3.1.6, without CRLF */

enum smtp_dot_mode {
	SMTP_DOT_DATA,		/* dots are doubled, a lone one is the end */
	SMTP_DOT_PLAIN,		/* BDAT: the count says where the end is */
	SMTP_DOT_BINARY		/* BODY=BINARYMIME: any bytes */
};

enum smtp_dot_error {
	SMTP_DOT_OK,
	SMTP_DOT_BARECR,
	SMTP_DOT_BARELF,
	SMTP_DOT_LONGLINE,	/* over maxline */
	SMTP_DOT_SIZE		/* over maxsize */
};

#define SMTP_DOT_HAS_8BIT	0x01
#define SMTP_DOT_HAS_NUL	0x02
#define SMTP_DOT_HAS_LONG	0x04	/* a line over SMTP_DOT_LINE */

/* The members are to be read, and set only as smtp_dot_init does. */
struct smtp_dot {
	uint64_t		size;		/* bytes given out so far */
	uint64_t		maxsize;	/* 0: no limit */
	uint64_t		maxline;	/* without CRLF; 0: no limit */
	uint64_t		lines;		/* that have ended */
	uint64_t		linelen;	/* of the one that has not */
	uint8_t			mode;
	uint8_t			state;
	uint8_t			flags;		/* SMTP_DOT_HAS_* */
	uint8_t			error;		/* enum smtp_dot_error */
};

void	smtp_dot_init(struct smtp_dot *, enum smtp_dot_mode, uint64_t maxsize,
	    uint64_t maxline);
/*
 * Take bytes.  The message's own are given as ranges of the input: iov has
 * room for *niov (at least 1), which becomes how many are filled.  *used is
 * what was consumed; the ranges point into that.
 *
 *	MORE	give more, or the same again from *used on (iov was full)
 *	DONE	DATA only: the end was read and the message is good
 *	BAD	DATA only: the end was read; error says what is wrong
 *	TOOBIG	likewise, for the two limits
 *
 * After an error, which may be looked at at any time, nothing more is given
 * out but the end is still looked for, so the session can go on.
 */
enum codec smtp_dot_decode(struct smtp_dot *, const void *, size_t len,
	    size_t *used, struct iovec *iov, int *niov);
/*
 * PLAIN, BINARY: that was the last chunk.  DONE, BAD or TOOBIG as above.
 */
enum codec smtp_dot_finish(struct smtp_dot *);
/* The message does not end in CRLF (PLAIN, BINARY): add one. */
int	smtp_dot_unended(const struct smtp_dot *);
/* What to answer for an error. */
const struct smtp_answer *smtp_dot_answer(enum smtp_dot_error);

/*
 * The other direction.  normalise: a lone LF or CR becomes CRLF (for what
 * local programs hand in); else lines are known to end in CRLF.
 */
struct smtp_dotenc {
	uint8_t		normalise;
	uint8_t		state;
};

void	smtp_dotenc_init(struct smtp_dotenc *, int normalise);
/*
 * Encode from src as much as fits into dst (at least 4 bytes; 2 * len + 4 hold
 * it all whatever it is).  Returns the bytes written and *used of src.
 */
size_t	smtp_dotenc_add(struct smtp_dotenc *, char *dst, size_t dstsize,
	    const char *src, size_t len, size_t *used);
/* Write the end, at most 5 bytes; returns how many. */
size_t	smtp_dotenc_end(struct smtp_dotenc *, char dst[5]);

#endif
