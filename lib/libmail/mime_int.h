/* What mime.c and mime_field.c share. */
#ifndef MIME_INT_H
#define MIME_INT_H

#include "libmail/mime.h"

/* 0, or -1 with ENOMEM. */
int	mime_envelope_field(struct mime *, struct envelope *,
	    const struct header *);
int	mime_content_field(struct mime *, struct mime_part *,
	    const struct header *);
void	mime_classify(struct mime_part *, int in_digest);

#endif
