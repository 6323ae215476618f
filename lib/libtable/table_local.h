/*
 * The packed form, shared by its writer and its reader.  All numbers are big
 * endian.  A header; the index, one u32 an entry in the order of the names:
 * where its record begins; the records.
 *
 *	record		u16 length, name; then by kind
 *	domain		u16 length, alias_of; u16 length, catch_all
 *	account		u8 flags; u64 quota_bytes, u64 quota_messages and
 *			u8 length, display where the flags say so
 *	alias		u16 count; each u8 kind, u16 length, address
 *	secret		u8 form; SECRET_TEXT: u16 length, text; SECRET_SCRAM:
 *			u32 iterations, u8 length, salt, 32 + 32 bytes of keys
 */
#ifndef TABLE_LOCAL_H
#define TABLE_LOCAL_H

#define TABLE_MAGIC	0x6d746162	/* "mtab" */
#define TABLE_VERSION	1

/* Offsets in the header. */
#define TABLE_OFF_MAGIC		0
#define TABLE_OFF_VERSION	4	/* u16 */
#define TABLE_OFF_KIND		6	/* u16 */
#define TABLE_OFF_COUNT		8
#define TABLE_OFF_FIRST		12
#define TABLE_OFF_LEN		16
#define TABLE_HEADER		20

#define ACCOUNT_DISABLED	0x01
#define ACCOUNT_LOGIN		0x02
#define ACCOUNT_BYTES		0x04
#define ACCOUNT_MESSAGES	0x08
#define ACCOUNT_DISPLAY		0x10

#define SECRET_TEXT		0
#define SECRET_SCRAM		1
#define SECRET_KEY		32
#define SECRET_SALT		64	/* the most */
#define SCRAM_PREFIX		"SCRAM-SHA-256$"

#endif
