/*
 * Character sets to UTF-8.  The single-byte ones, UTF-8, UTF-16, UTF-32 and
 * UTF-7 are built in; those of East Asia need iconv(3), whose modules a jailed
 * process cannot load: charset_preload opens them before the sandbox.
 * Decoding never fails: what is not valid becomes U+FFFD.
 */
#ifndef CHARSET_H
#define CHARSET_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/span.h"

/* Stored in the meta blob: only ever append. */
enum charset {
	CHARSET_UNKNOWN, CHARSET_ASCII, CHARSET_UTF8, CHARSET_LATIN1,
	CHARSET_8859_2, CHARSET_8859_3, CHARSET_8859_4, CHARSET_8859_5,
	CHARSET_8859_6, CHARSET_8859_7, CHARSET_8859_8, CHARSET_8859_9,
	CHARSET_8859_10, CHARSET_8859_11, CHARSET_8859_13, CHARSET_8859_14,
	CHARSET_8859_15, CHARSET_8859_16,
	CHARSET_1250, CHARSET_1251, CHARSET_1252, CHARSET_1253, CHARSET_1254,
	CHARSET_1255, CHARSET_1256, CHARSET_1257, CHARSET_1258, CHARSET_874,
	CHARSET_KOI8_R, CHARSET_KOI8_U, CHARSET_CP437, CHARSET_CP850,
	CHARSET_CP852, CHARSET_CP866, CHARSET_MACROMAN,
	CHARSET_UTF16, CHARSET_UTF16BE, CHARSET_UTF16LE, CHARSET_UTF32,
	CHARSET_UTF32BE, CHARSET_UTF32LE, CHARSET_UTF7,
	CHARSET_GB18030, CHARSET_BIG5, CHARSET_EUC_JP, CHARSET_ISO_2022_JP,
	CHARSET_SHIFT_JIS, CHARSET_EUC_KR, CHARSET_ISO_2022_KR,
	CHARSET_EUC_TW,
	CHARSET_NIDS
};

struct charset_ctx;

struct charset_ctx	*charset_ctx_new(void);	/* NULL: ENOMEM */
void			 charset_ctx_free(struct charset_ctx *);
/*
 * Open iconv for the East Asian sets; how many are there.  Without this call
 * they decode as CHARSET_UNKNOWN does.
 */
int			 charset_preload(struct charset_ctx *);

/* By any usual name, quotes and white space around it ignored. */
enum charset	 charset_lookup(struct span name);
const char	*charset_name(enum charset);

/*
 * A stream of text in one charset.  CHARSET_UNKNOWN: UTF-8 where the bytes
 * are, else windows-1252.  ctx may be NULL (no iconv).  Only one decoder of a
 * context may be in use at a time.
 */
struct charset_dec {
	struct charset_ctx	*ctx;
	enum charset		 cs;
	uint8_t			 carry[8];
	uint8_t			 ncarry;
	uint8_t			 mode;
	uint8_t			 nbits;		/* UTF-7 */
	uint32_t		 bits;
	uint32_t		 hi;		/* first of a surrogate pair */
};

void	charset_dec_init(struct charset_dec *, struct charset_ctx *,
	    enum charset);
/* 0, or -1 when out is full (what fits has been added) or ENOMEM. */
int	charset_dec_add(struct charset_dec *, const void *, size_t,
	    struct buf *out);
int	charset_dec_end(struct charset_dec *, struct buf *out);
/* All three in one. */
int	charset_decode(struct charset_ctx *, enum charset, const void *,
	    size_t, struct buf *out);

/* Length of the longest prefix that is whole, valid UTF-8. */
size_t	utf8_valid_prefix(const void *, size_t);
int	utf8_valid(const void *, size_t);
/* Length of the ASCII that it begins with. */
size_t	ascii_prefix(const void *, size_t);
/* Bytes written to dst (at most 4). */
size_t	utf8_put(char *dst, uint32_t cp);
/* One code point from s[0..len), len > 0; how many bytes it took.  What is
 * not valid takes one byte and gives U+FFFD. */
size_t	utf8_get(const char *s, size_t len, uint32_t *cp);

#endif
