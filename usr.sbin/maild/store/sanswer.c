#include <sys/mman.h>

#include <fcntl.h>
#include <unistd.h>

#include "libutil/log.h"
#include "libutil/rseq.h"
#include "sanswer.h"

int
sanswer_pack(const struct buf *b, struct msg_blob *blob, uint64_t *size,
    int *ok)
{
	int	 fd;

	*ok = 1;
	*size = 0;
	blob->data = NULL;
	blob->len = 0;
	if (b->len <= SANSWER_INLINE) {
		blob->data = buf_ptr(b);
		blob->len = b->len;
		return -1;
	}
	fd = memfd_create("rows", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1 || write(fd, buf_ptr(b), b->len) != (ssize_t)b->len ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE | F_SEAL_SEAL) == -1) {
		log_warn("rows");
		if (fd != -1)
			close(fd);
		*ok = 0;
		return -1;
	}
	*size = b->len;
	return fd;
}

int
sanswer_rseq(struct buf *b, const struct rseq *set, int counted)
{
	size_t	 len = rseq_wirelen(set), at = 0;
	uint8_t	*p;

	if ((p = buf_reserve(b, len + 4)) == NULL)
		return -1;
	if (counted) {
		p[at++] = len >> 24;
		p[at++] = len >> 16;
		p[at++] = len >> 8;
		p[at++] = len;
	}
	rseq_put(set, p + at);
	buf_commit(b, len + at);
	return 0;
}
