/* Passwords: asked for, and turned into what the table keeps. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stddef.h>

#define PASSWORD_MAX	512

/*
 * From the terminal, twice, when standard input is one, else its first line.
 * 0, or -1: a message was written.
 */
int	password_read(const char *what, char dst[PASSWORD_MAX + 1]);
/*
 * The secret that stands for it in tables(5): SCRAM-SHA-256, which serves
 * PLAIN and LOGIN as well.  0, or -1: a message was written.
 */
int	password_secret(const char *password, char *dst, size_t dstsize);

#endif
