#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "content.h"

#define SEALS	(F_SEAL_SHRINK | F_SEAL_WRITE)

static int
content_map(struct content *c, int fd, size_t size)
{
	struct stat	 st;
	void		*p;
	int		 seals;

	if ((seals = fcntl(fd, F_GET_SEALS)) == -1 ||
	    (seals & SEALS) != SEALS || fstat(fd, &st) == -1 ||
	    (uint64_t)st.st_size < size)
		return -1;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		return -1;
	c->mem = p;
	c->maplen = size;
	c->span = (struct span){ p, size };
	return 0;
}

static int
content_copy(struct content *c, int fd, size_t size)
{
	size_t	 have = 0;
	ssize_t	 n;
	char	*p;

	if ((p = malloc(size + 1)) == NULL)
		return -1;
	while (have < size) {
		if ((n = pread(fd, p + have, size - have, have)) <= 0) {
			free(p);
			return -1;
		}
		have += n;
	}
	c->mem = p;
	c->span = (struct span){ p, size };
	return 0;
}

int
content_open(struct content *c, int fd, uint64_t size)
{
	memset(c, 0, sizeof(*c));
	if (size > SIZE_MAX / 2)
		return -1;
	/* To map costs more than to copy a page or two. */
	if (size > 32768 && content_map(c, fd, size) == 0)
		return 0;
	return content_copy(c, fd, size);
}

void
content_close(struct content *c)
{
	if (c->maplen != 0)
		munmap(c->mem, c->maplen);
	else
		free(c->mem);
	memset(c, 0, sizeof(*c));
}
