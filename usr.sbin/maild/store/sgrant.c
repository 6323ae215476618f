#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "limits.h"
#include "sgrant.h"
#include "snotify.h"
#include "srights.h"

static struct hashtab	 grants;

static const void *
sgrant_key(const void *entry, size_t *len)
{
	const struct sgrant	*g = entry;

	*len = sizeof(g->key);
	return &g->key;
}

void
sgrant_init(void)
{
	hashtab_init(&grants, sgrant_key);
}

struct sgrant *
sgrant_find(unsigned inst, uint64_t sid)
{
	struct sgrant	 like = { .key = { sid, inst } };

	return hashtab_find(&grants, &like.key, sizeof(like.key));
}

struct sgrant *
sgrant_mailbox(unsigned inst, uint64_t sid, uint64_t mbox, uint16_t need,
    struct mstore_mailbox *mb, uint16_t *rights, enum msg_st *code)
{
	struct sgrant	*g;

	*rights = 0;
	*code = ST_NONEXISTENT;
	if ((g = sgrant_find(inst, sid)) == NULL ||
	    mstore_mailbox_get(engine(), mbox, mb) != MSTORE_OK)
		return NULL;
	/* Of what is not his he does not even hear that it is there. */
	if ((*rights = srights_of(g, mb)) == 0)
		return NULL;
	*code = (*rights & need) == need ? ST_OK : ST_DENIED;
	return *code == ST_OK ? g : NULL;
}

void
sgrant_add(const struct msg_grant *m)
{
	struct msg_granted	 r = { .sid = m->origin.sid, .text = "" };
	enum mstore_code	 code;
	struct sgrant		*g;
	uint32_t		 account;

	sgrant_end(m->origin.inst, m->origin.sid);
	code = mstore_account_get(engine(), span_of(m->account), 0, &account);
	if (code == MSTORE_NONE && !engine_has_room())
		r.text = "no room on disk for a new account";
	else if (code == MSTORE_NONE)
		code = mstore_account_get(engine_begin(),
		    span_of(m->account), 1, &account);
	if (code == MSTORE_OK) {
		if ((g = calloc(1, sizeof(*g))) == NULL ||
		    (g->name = strdup(m->account)) == NULL)
			fatal("grant");
		g->key.sid = m->origin.sid;
		g->key.inst = m->origin.inst;
		g->account = account;
		g->limit.bytes = m->quota_bytes;
		g->limit.messages = m->quota_messages;
		if (hashtab_insert(&grants, g) == -1)
			fatal("grant");
		r.ok = 1;
	} else if (code == MSTORE_TEMPFAIL)
		(void)engine_code(code);
	(void)proc_send(PROC_IMAP, m->origin.inst, M_GRANTED, &r, -1);
}

static void
sgrant_free(struct sgrant *g)
{
	if (g == NULL)
		return;
	watch_remove_all(&g->watches);
	snotify_end(g);
	free(g->name);
	rseq_free(&g->parts);
	free(g);
}

void
sgrant_end(unsigned inst, uint64_t sid)
{
	struct sgrant	 like = { .key = { sid, inst } };

	sgrant_free(hashtab_remove(&grants, &like.key, sizeof(like.key)));
}

void
sgrant_worker_gone(unsigned inst)
{
	struct sgrant	*g;
	size_t		 iter = 0;

	while ((g = hashtab_next(&grants, &iter)) != NULL) {
		if (g->key.inst == inst)
			sgrant_free(hashtab_remove(&grants, &g->key,
			    sizeof(g->key)));
	}
}

void
sgrant_limits(void)
{
	char		 name[MSTORE_MAXACCOUNT + 1];
	struct sgrant	*g;
	size_t		 iter = 0;

	while ((g = hashtab_next(&grants, &iter)) != NULL) {
		if (mstore_account_name(engine(), g->account,
		    name) == MSTORE_OK)
			(void)limits_get(name, &g->limit);
	}
}
