/* A file that is written as a whole or not at all, or standard output. */
#ifndef EXPORT_OUT_H
#define EXPORT_OUT_H

#include <stddef.h>

/* path NULL: standard output.  What fails ends the program. */
void	out_begin(const char *path);
void	out_put(const void *, size_t);
void	out_end(void);

#endif
