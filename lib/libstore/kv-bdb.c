/*
 * kv.h on Berkeley DB 5.3: a btree in a private transactional environment.
 * One process and one thread, so there are no locks.
 */
#include <sys/types.h>

#include <db.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv.h"

/* Two btrees: pages of 16 KB take records of up to 4 KB without overflow, for
 * what lies together; where each record is in another page, small pages cost a
 * quarter to read and write. */
#define KV_TABLES	2
static const struct {
	const char	*file;
	uint32_t	 pagesize;
	uint32_t	 flags;		/* a 4 KB page is not written by half */
} tables[KV_TABLES] = {
	{ "index.db", 16384, DB_CHKSUM },
	{ "scattered.db", 4096, 0 }
};
#define KV_LOGMAX	(4U << 20)	/* one journal file */
#define KV_LOGBUF	(512U << 10)
#define KV_LOGREC	100	/* a journal record without what was changed */

struct kv {
	DB_ENV	*env;
	DB	*db[KV_TABLES];
	DB_TXN	*txn;
	char	 scattered[16];
	int	 broken;
	uint64_t written;	/* since the last checkpoint, about */
	void	*val;		/* of the last get */
	size_t	 valsize;
	char	 error[256];
};

struct kv_cursor {
	struct kv *kv;
	DBC	*dbc;
	DB	*db;		/* that dbc is of */
	DBT	 key;
	DBT	 val;
};

static void
kv_errcall(const DB_ENV *env, const char *prefix, const char *msg)
{
	struct kv	*kv = env->app_private;

	if (kv != NULL)
		strlcpy(kv->error, msg, sizeof(kv->error));
}

static enum kv_code
kv_map(struct kv *kv, int e)
{
	switch (e) {
	case 0:
		return KV_OK;
	case DB_NOTFOUND:
	case DB_KEYEMPTY:
		return KV_NONE;
	case DB_RUNRECOVERY:
	case DB_PAGE_NOTFOUND:
	case DB_SECONDARY_BAD:
	case DB_VERSION_MISMATCH:
	case DB_CHKSUM_FAIL:
	case DB_LOG_VERIFY_BAD:
	case DB_OLD_VERSION:
		kv->broken = 1;
		break;
	}
	if (kv->error[0] == '\0')
		strlcpy(kv->error, db_strerror(e), sizeof(kv->error));
	return kv->broken ? KV_BROKEN : KV_FAIL;
}

static int
kv_open_env(struct kv *kv, const struct kv_conf *conf)
{
	DB_ENV	*env;
	size_t	 cache = conf->cache != 0 ? conf->cache : 6U << 20;
	int	 e;

	if ((e = db_env_create(&kv->env, 0)) != 0)
		return e;
	env = kv->env;
	env->app_private = kv;
	env->set_errcall(env, kv_errcall);
	if ((e = env->set_cachesize(env, (uint32_t)(cache >> 30),
	    (uint32_t)(cache & 0x3fffffff), 1)) != 0 ||
	    (e = env->set_lg_bsize(env, KV_LOGBUF)) != 0 ||
	    (e = env->set_lg_max(env, KV_LOGMAX)) != 0 ||
	    (e = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1)) != 0)
		return e;
	/*
	 * The journal is not even written at commit: what a crash takes back
	 * here the segment log has, and it is replayed.  Pages never reach the
	 * file before their journal does.
	 */
	if ((e = env->set_flags(env, DB_TXN_NOSYNC, 1)) != 0)
		return e;
	return env->open(env, conf->dir, DB_CREATE | DB_PRIVATE |
	    DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL | DB_RECOVER, 0600);
}

static int
kv_open_table(struct kv *kv, int i)
{
	DB	*db;
	int	 e;

	if ((e = db_create(&kv->db[i], kv->env, 0)) != 0)
		return e;
	db = kv->db[i];
	if ((e = db->set_pagesize(db, tables[i].pagesize)) != 0 ||
	    (tables[i].flags != 0 &&
	    (e = db->set_flags(db, tables[i].flags)) != 0))
		return e;
	return db->open(db, NULL, tables[i].file, NULL, DB_BTREE,
	    DB_CREATE | DB_AUTO_COMMIT, 0600);
}

/* The table that a key is in. */
static DB *
kv_db(const struct kv *kv, const void *key, size_t klen)
{
	const char	*p = key;

	return kv->db[klen > 0 && *p != '\0' &&
	    strchr(kv->scattered, *p) != NULL];
}

/* How many of the tables have a file. */
static int
kv_count_tables(const char *dir)
{
	char	 path[1024];
	int	 i, n = 0;

	for (i = 0; i < KV_TABLES; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, tables[i].file);
		n += access(path, F_OK) == 0;
	}
	return n;
}

/* The library flushes files, but never the directory that names them. */
static int
kv_sync_dir(const char *dir)
{
	int	 fd, e = 0;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return errno;
	if (fsync(fd) == -1)
		e = errno;
	close(fd);
	return e;
}

/*
 * A table whose name was lost with the power would be made anew, empty, beside
 * the other one, which knows nothing of that.
 */
static int
kv_open_tables(struct kv *kv, const struct kv_conf *conf)
{
	int	 i, e, n;

	n = kv_count_tables(conf->dir);
	if (n != 0 && n != KV_TABLES)
		return DB_RUNRECOVERY;
	for (i = 0; i < KV_TABLES; i++)
		if ((e = kv_open_table(kv, i)) != 0)
			return e;
	return n == 0 ? kv_sync_dir(conf->dir) : 0;
}

enum kv_code
kv_open(struct kv **out, const struct kv_conf *conf)
{
	struct kv	*kv;
	int		 e;

	*out = NULL;
	if ((kv = calloc(1, sizeof(*kv))) == NULL)
		return KV_FAIL;
	if (conf->scattered != NULL)
		strlcpy(kv->scattered, conf->scattered, sizeof(kv->scattered));
	if ((e = kv_open_env(kv, conf)) != 0 ||
	    (e = kv_open_tables(kv, conf)) != 0) {
		kv_abandon(kv);
		/* Everything but a lack of something is a damaged table: the
		 * caller makes a new one, and fails there if it must. */
		return e == ENOSPC || e == ENOMEM || e == EMFILE ||
		    e == EACCES || e == ENOENT ? KV_FAIL : KV_BROKEN;
	}
	*out = kv;
	return KV_OK;
}

void
kv_close(struct kv *kv)
{
	if (kv == NULL)
		return;
	kv_abort(kv);
	if (!kv->broken)
		(void)kv->env->txn_checkpoint(kv->env, 0, 0, DB_FORCE);
	kv_abandon(kv);
}

void
kv_abandon(struct kv *kv)
{
	int	 i;

	if (kv == NULL)
		return;
	kv_abort(kv);
	for (i = 0; i < KV_TABLES; i++)
		if (kv->db[i] != NULL)
			(void)kv->db[i]->close(kv->db[i], DB_NOSYNC);
	if (kv->env != NULL)
		(void)kv->env->close(kv->env, 0);
	free(kv->val);
	free(kv);
}

int
kv_destroy(const char *path)
{
	struct dirent	*de;
	DIR		*dir;
	int		 ret = 0;

	if ((dir = opendir(path)) == NULL)
		return -1;
	while ((de = readdir(dir)) != NULL) {
		if (strcmp(de->d_name, tables[0].file) != 0 &&
		    strcmp(de->d_name, tables[1].file) != 0 &&
		    strncmp(de->d_name, "log.", 4) != 0 &&
		    strncmp(de->d_name, "__db", 4) != 0)
			continue;
		if (unlinkat(dirfd(dir), de->d_name, 0) == -1)
			ret = -1;
	}
	closedir(dir);
	return ret;
}

enum kv_code
kv_begin(struct kv *kv)
{
	kv->error[0] = '\0';
	return kv_map(kv, kv->env->txn_begin(kv->env, NULL, &kv->txn, 0));
}

enum kv_code
kv_commit(struct kv *kv)
{
	DB_TXN	*txn = kv->txn;

	kv->txn = NULL;
	return kv_map(kv, txn->commit(txn, 0));
}

void
kv_abort(struct kv *kv)
{
	DB_TXN	*txn = kv->txn;

	if (txn == NULL)
		return;
	kv->txn = NULL;
	if (txn->abort(txn) != 0)
		kv->broken = 1;	/* half a transaction is in the pages */
}

static DBT
dbt_of(const void *p, size_t len)
{
	DBT	 d;

	memset(&d, 0, sizeof(d));
	/* The library does not write through a key or a value to be put. */
	memcpy(&d.data, &p, sizeof(p));
	d.size = (uint32_t)len;
	return d;
}

enum kv_code
kv_get(struct kv *kv, const void *key, size_t klen, const void **val,
    size_t *vlen)
{
	DB	*db = kv_db(kv, key, klen);
	DBT	 k = dbt_of(key, klen), v;
	void	*n;
	int	 e;

	for (;;) {
		memset(&v, 0, sizeof(v));
		v.data = kv->val;
		v.ulen = (uint32_t)kv->valsize;
		v.flags = DB_DBT_USERMEM;
		e = db->get(db, kv->txn, &k, &v, 0);
		if (e != DB_BUFFER_SMALL)
			break;
		if ((n = realloc(kv->val, v.size + 4096)) == NULL)
			return kv_map(kv, ENOMEM);
		kv->val = n;
		kv->valsize = v.size + 4096;
	}
	*val = v.data;
	*vlen = v.size;
	return kv_map(kv, e);
}

enum kv_code
kv_put(struct kv *kv, const void *key, size_t klen, const void *val,
    size_t vlen)
{
	DB	*db = kv_db(kv, key, klen);
	DBT	 k = dbt_of(key, klen), v = dbt_of(val, vlen);

	kv->written += klen + vlen + KV_LOGREC;
	return kv_map(kv, db->put(db, kv->txn, &k, &v, 0));
}

enum kv_code
kv_del(struct kv *kv, const void *key, size_t klen)
{
	DB	*db = kv_db(kv, key, klen);
	DBT	 k = dbt_of(key, klen);

	kv->written += klen + KV_LOGREC;
	return kv_map(kv, db->del(db, kv->txn, &k, 0));
}

enum kv_code
kv_cursor_open(struct kv *kv, struct kv_cursor **out)
{
	struct kv_cursor	*c;

	if ((*out = c = calloc(1, sizeof(*c))) == NULL)
		return kv_map(kv, ENOMEM);
	c->kv = kv;
	return KV_OK;
}

void
kv_cursor_close(struct kv_cursor *c)
{
	if (c == NULL)
		return;
	if (c->dbc != NULL)
		(void)c->dbc->close(c->dbc);
	free(c->key.data);
	free(c);
}

enum kv_code
kv_cursor_seek(struct kv_cursor *c, const void *key, size_t klen)
{
	struct kv	*kv = c->kv;
	DB		*db = kv_db(kv, key, klen);
	void		*n;
	int		 e;

	if (c->dbc == NULL || c->db != db) {
		if (c->dbc != NULL)
			(void)c->dbc->close(c->dbc);
		c->dbc = NULL;
		if ((e = db->cursor(db, kv->txn, &c->dbc, 0)) != 0)
			return kv_map(kv, e);
		c->db = db;
	}
	/* DB_SET_RANGE takes the key from the DBT and gives it back there. */
	if ((n = realloc(c->key.data, klen + 1)) == NULL)
		return kv_map(kv, ENOMEM);
	memcpy(n, key, klen);
	c->key.data = n;
	c->key.size = (uint32_t)klen;
	c->key.flags = DB_DBT_REALLOC;
	return kv_map(kv, c->dbc->get(c->dbc, &c->key, &c->val,
	    DB_SET_RANGE));
}

enum kv_code
kv_cursor_next(struct kv_cursor *c)
{
	return kv_map(c->kv, c->dbc->get(c->dbc, &c->key, &c->val, DB_NEXT));
}

const uint8_t *
kv_cursor_key(const struct kv_cursor *c, size_t *len)
{
	*len = c->key.size;
	return c->key.data;
}

const uint8_t *
kv_cursor_val(const struct kv_cursor *c, size_t *len)
{
	*len = c->val.size;
	return c->val.data;
}

enum kv_code
kv_checkpoint(struct kv *kv, uint32_t kbytes)
{
	/* The library would look through its journals each time. */
	if (kbytes != 0 && kv->written < (uint64_t)kbytes * 1024)
		return KV_OK;
	kv->written = 0;
	return kv_map(kv, kv->env->txn_checkpoint(kv->env, 0, 0, 0));
}
