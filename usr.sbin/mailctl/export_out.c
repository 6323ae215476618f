#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_out.h"

static FILE	*fp;
static char	*final, *part;

void
out_begin(const char *path)
{
	mode_t	 mask = umask(077);

	if (path == NULL) {
		if (isatty(STDOUT_FILENO))
			errx(1, "say where to, or lead standard output away "
			    "from the terminal");
		fp = stdout;
	} else {
		if (asprintf(&part, "%s.part", path) == -1 ||
		    asprintf(&final, "%s", path) == -1)
			err(1, NULL);
		if ((fp = fopen(part, "w")) == NULL)
			err(1, "%s", part);
	}
	umask(mask);
}

void
out_put(const void *p, size_t len)
{
	if (fwrite(p, 1, len, fp) != len)
		err(1, "%s", part == NULL ? "standard output" : part);
}

void
out_end(void)
{
	if (fflush(fp) == EOF || (part != NULL && (fsync(fileno(fp)) == -1 ||
	    fclose(fp) == EOF || rename(part, final) == -1)))
		err(1, "%s", part == NULL ? "standard output" : part);
	free(part);
	free(final);
	part = final = NULL;
	fp = NULL;
}
