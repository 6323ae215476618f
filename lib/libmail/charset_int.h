/* What charset.c and its parts share. */
#ifndef CHARSET_INT_H
#define CHARSET_INT_H

#include <iconv.h>

#include "libmail/charset.h"

struct charset_ctx {
	iconv_t	cd[CHARSET_NIDS];	/* (iconv_t)-1: not open */
};

/* Collects output, so that buffers grow by pieces and not by characters. */
struct sink {
	struct buf	*out;
	int		 full;
	size_t		 n;
	char		 b[1024];
};

static inline void
sink_init(struct sink *s, struct buf *out)
{
	s->out = out;
	s->full = 0;
	s->n = 0;
}

/* What does not fit is dropped, at the border of a character. */
void	sink_flush(struct sink *);
void	sink_add(struct sink *, const void *, size_t);

static inline void
sink_cp(struct sink *s, uint32_t cp)
{
	if (s->n > sizeof(s->b) - 4)
		sink_flush(s);
	s->n += utf8_put(s->b + s->n, cp);
}

/* -1 when anything was dropped. */
static inline int
sink_end(struct sink *s)
{
	sink_flush(s);
	return s->full ? -1 : 0;
}

void	charset_utf16(struct charset_dec *, const uint8_t *, size_t,
	    struct sink *);
void	charset_utf32(struct charset_dec *, const uint8_t *, size_t,
	    struct sink *);
void	charset_utf7(struct charset_dec *, const uint8_t *, size_t,
	    struct sink *);
void	charset_iconv(struct charset_dec *, const uint8_t *, size_t,
	    struct sink *);
void	charset_iconv_begin(struct charset_dec *);

#endif
