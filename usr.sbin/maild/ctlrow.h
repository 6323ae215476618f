/*
 * A row of an answer to mailctl: names and values, each a string or a number.
 * On the wire: for each 's' or 'n', name, NUL, value as text, NUL.
 */
#ifndef CTLROW_H
#define CTLROW_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "proc.h"

struct ctlrow {
	char	data[MSG_BLOB];
	size_t	len;
};

void	ctlrow_begin(struct ctlrow *);
void	ctlrow_str(struct ctlrow *, const char *name, const char *value);
void	ctlrow_num(struct ctlrow *, const char *name, int64_t value);
/* To the control process that asked. */
void	ctlrow_send(const struct proc_from *, uint32_t cookie,
	    const struct ctlrow *);
void	ctlrow_end(const struct proc_from *, uint32_t cookie, int ok,
	    const char *text);
/* Read: 's' or 'n' and the two strings, advancing *off; 0 end; -1 malformed. */
int	ctlrow_next(const struct msg_blob *, size_t *off, const char **name,
	    const char **value);

#endif
