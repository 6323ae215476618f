/* What every decoder of outside bytes answers. */
#ifndef CODEC_H
#define CODEC_H

enum codec {
	CODEC_DONE,	/* one whole element was read */
	CODEC_MORE,	/* a good beginning; give more bytes */
	CODEC_BAD,	/* never valid, whatever follows */
	CODEC_TOOBIG	/* over a limit */
};

#endif
