/*
 * An ordered table of keys and values, kept in one directory by one process:
 * what the store asks of an engine.  Only kv-*.c knows which one it is.
 *
 * One transaction at a time; outside of one, a put or delete stands alone.
 * Reads inside a transaction see its changes.  Keys compare as bytes.
 */
#ifndef KV_H
#define KV_H

#include <stddef.h>
#include <stdint.h>

enum kv_code {
	KV_OK = 0,
	KV_NONE,	/* no such key, or no further one */
	KV_FAIL,	/* disk full, no memory, ...: abort the transaction */
	KV_BROKEN	/* the table is damaged: kv_destroy, and make it anew */
};

#define KV_MAXKEY	1024

struct kv;
struct kv_cursor;

struct kv_conf {
	const char	*dir;		/* exists */
	size_t		 cache;		/* bytes; 0: 6 MB */
	/* First octets of the keys whose records are small and come in no
	 * order (hashes): an engine may keep these apart, in small pages.  All
	 * opens of a table say the same. */
	const char	*scattered;	/* NULL: none */
};

enum kv_code	 kv_open(struct kv **, const struct kv_conf *);
/* Writes everything out (a checkpoint), so that the next open is quick. */
void		 kv_close(struct kv *);
/* As after a crash: for tests, and for a broken table. */
void		 kv_abandon(struct kv *);
/* Remove the table's files from the directory. */
int		 kv_destroy(const char *dir);

enum kv_code	 kv_begin(struct kv *);
/*
 * Atomic, and after the end of the process still there.  Not flushed to disk:
 * a power cut may take back the last transactions, in order and whole.
 */
enum kv_code	 kv_commit(struct kv *);
void		 kv_abort(struct kv *);

/* *val stays good until the next call on this table. */
enum kv_code	 kv_get(struct kv *, const void *key, size_t klen,
		    const void **val, size_t *vlen);
enum kv_code	 kv_put(struct kv *, const void *key, size_t klen,
		    const void *val, size_t vlen);
enum kv_code	 kv_del(struct kv *, const void *key, size_t klen);

/*
 * Walk upwards: seek finds the first key >= the given one.  key and val stay
 * good until the next call on the cursor.  Close all before commit or abort.
 * Entries may be put and deleted during the walk, which ends at the latest
 * where keys that are scattered and those that are not meet.
 */
enum kv_code	 kv_cursor_open(struct kv *, struct kv_cursor **);
void		 kv_cursor_close(struct kv_cursor *);
enum kv_code	 kv_cursor_seek(struct kv_cursor *, const void *key,
		    size_t klen);
enum kv_code	 kv_cursor_next(struct kv_cursor *);
const uint8_t	*kv_cursor_key(const struct kv_cursor *, size_t *);
const uint8_t	*kv_cursor_val(const struct kv_cursor *, size_t *);

/* Write dirty pages and drop old journals when kbytes have gathered. */
enum kv_code	 kv_checkpoint(struct kv *, uint32_t kbytes);

#endif
