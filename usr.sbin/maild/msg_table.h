/*
 * What a row of the message table holds.  For msg.c and its test; processes
 * need msg.h only.
 */
#ifndef MSG_TABLE_H
#define MSG_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

enum msg_kind {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_I64,
	FIELD_STR,		/* u16 length, bytes, NUL */
	FIELD_BLOB,		/* u16 length, bytes */
	FIELD_ADDR,		/* family, 16 bytes, u16 port */
	FIELD_ORIGIN,		/* proc, inst, u64 sid */
	FIELD_KEYS		/* uint64_t[4] */
};

#define MSG_FIELDS	20	/* no message has more */

/* The highest value of a small number, the most bytes of a string or blob. */
#define FIELD_ANY	UINT32_MAX

struct msg_field {
	const char	*name;
	uint32_t	 cap;
	uint16_t	 off;
	uint8_t		 kind;		/* enum msg_kind */
};

enum msg_fd { FD_NONE, FD_MUST, FD_MAY };

struct msg_row {
	const char		*name;
	const struct msg_field	*fields;
	uint16_t		 to[PROC_MAX];	/* by sender: receivers */
	uint16_t		 size;		/* of the struct */
	uint8_t			 nfields;
	uint8_t			 fd;		/* enum msg_fd */
};

extern const struct msg_row msg_table[M_MAX];

#endif
