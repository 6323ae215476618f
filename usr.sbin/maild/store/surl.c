#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "libimap/imap_name.h"
#include "libimap/imap_url.h"
#include "libutil/log.h"
#include "sgrant.h"
#include "sread.h"
#include "surl.h"

#define KEY_LEN		32
#define TOKEN_LEN	64
#define KEY_NAME	SPAN("uauth/internal")
#define ARENA_MAX	65536

/* While libcrypto can still load what it wants. */
void
surl_init(void)
{
	uint8_t		 md[EVP_MAX_MD_SIZE];
	unsigned	 len;

	if (HMAC(EVP_sha256(), "", 0, (const uint8_t *)"", 0, md,
	    &len) == NULL)
		fatalx("no HMAC");
}

/* ---- keys --------------------------------------------------------------- */

static int
key_get(uint32_t account, uint64_t mbox, uint8_t key[KEY_LEN])
{
	struct buf	 b;
	int		 there;

	buf_init(&b, MSTORE_MAXPROP);
	there = mstore_prop_get(engine(), account, mbox, KEY_NAME, &b) ==
	    MSTORE_OK && b.len == KEY_LEN;
	if (there)
		memcpy(key, buf_ptr(&b), KEY_LEN);
	if (b.len > 0)
		explicit_bzero(buf_ptr(&b), b.len);
	buf_free(&b);
	return there;
}

static enum mstore_code
key_new(uint32_t account, uint64_t mbox, uint8_t key[KEY_LEN])
{
	arc4random_buf(key, KEY_LEN);
	return mstore_prop_set(engine_begin(), account, mbox, KEY_NAME,
	    (struct span){ (const char *)key, KEY_LEN });
}

/* The form of it that stands in a URL. */
static void
sign(const uint8_t key[KEY_LEN], struct span rump, char token[TOKEN_LEN + 1])
{
	static const char	 digits[] = "0123456789abcdef";
	uint8_t			 md[EVP_MAX_MD_SIZE];
	unsigned		 len, i;

	if (HMAC(EVP_sha256(), key, KEY_LEN, (const uint8_t *)rump.p,
	    rump.len, md, &len) == NULL || len != TOKEN_LEN / 2)
		fatalx("no HMAC");
	for (i = 0; i < len; i++) {
		token[2 * i] = digits[md[i] >> 4];
		token[2 * i + 1] = digits[md[i] & 15];
	}
	token[TOKEN_LEN] = '\0';
}

/* ---- URLs --------------------------------------------------------------- */

static int
account_of(struct span name, uint32_t *id)
{
	return name.len > 0 && name.len <= MSTORE_MAXACCOUNT &&
	    mstore_account_get(engine(), name, 0, id) == MSTORE_OK;
}

/* The mailbox that is named, of that account; 0: there is none such. */
static int
find_mailbox(const struct imap_url *u, uint32_t account,
    struct mstore_mailbox *mb)
{
	char		 name[IMAP_NAME_MAX + 1];
	const char	*why;
	uint64_t	 id;

	return u->mailbox.p != NULL && imap_name_read(u->mailbox,
	    IMAP_NAME_UTF8, name, &why) != -1 &&
	    mstore_mailbox_find(engine(), account, span_of(name), &id) ==
	    MSTORE_OK && mstore_mailbox_get(engine(), id, mb) == MSTORE_OK &&
	    !(mb->flags & MSTORE_NOSELECT) &&
	    (u->uidvalidity == 0 || u->uidvalidity == mb->uidvalidity);
}

/*
 * RFC 4467 3: who may use it.  Nobody here submits mail for others, so that
 * submit+ is good for nobody.
 */
static int
may(const struct imap_url *u, const struct sgrant *g)
{
	uint32_t	 id;

	if (u->expires && u->expire < proc_time())
		return 0;
	switch (u->access) {
	case IMAP_URL_USER:
		return account_of(u->grantee, &id) && id == g->account;
	case IMAP_URL_AUTHUSER:
	case IMAP_URL_ANONYMOUS:
		return 1;
	default:
		return 0;
	}
}

static int
verify(const struct imap_url *u, const struct mstore_mailbox *mb)
{
	uint8_t	 key[KEY_LEN];
	char	 token[TOKEN_LEN + 1], given[TOKEN_LEN];
	size_t	 i;
	int	 ok;

	if (!span_ieqs(u->mech, "INTERNAL") || u->token.len != TOKEN_LEN ||
	    !key_get(mb->account, mb->id, key))
		return 0;
	for (i = 0; i < TOKEN_LEN; i++)
		given[i] = u->token.p[i] >= 'A' && u->token.p[i] <= 'F' ?
		    u->token.p[i] + ('a' - 'A') : u->token.p[i];
	sign(key, u->rump, token);
	ok = CRYPTO_memcmp(token, given, TOKEN_LEN) == 0;
	explicit_bzero(key, sizeof(key));
	explicit_bzero(token, sizeof(token));
	return ok;
}

void
surl_fetch(const struct proc_from *from, const struct msg_st_url *m)
{
	struct rseq_run		 run;
	struct rseq		 one = { &run, 1, 1 };
	uint8_t			 wire[12];
	struct msg_st_fetch	 f = { .sid = m->sid, .req = m->req,
	    .columns = m->columns & (ST_FETCH_META | ST_FETCH_BODY),
	    .offset = m->offset, .length = m->length, .budget = m->budget };
	struct mstore_mailbox	 mb;
	struct imap_arena	 arena;
	struct imap_url		 u;
	struct sgrant		*g;
	uint32_t		 owner;

	imap_arena_init(&arena, ARENA_MAX);
	if ((g = sgrant_find(from->inst, m->sid)) == NULL ||
	    imap_url_parse(&arena, span_of(m->url), &u) == -1 ||
	    u.token.p == NULL || !may(&u, g) ||
	    !account_of(u.user, &owner) || !find_mailbox(&u, owner, &mb) ||
	    !verify(&u, &mb))
		sread_answer(from, m->sid, m->req, ST_NONEXISTENT);
	else {
		run.first = run.last = u.uid;
		rseq_put(&one, wire);
		f.mbox = mb.id;
		f.uids.data = wire;
		f.uids.len = rseq_wirelen(&one);
		sread_page(from, &f, g->account);
	}
	imap_arena_free(&arena);
}

/* ---- GENURLAUTH, RESETKEY ----------------------------------------------- */

/* Of the session's own mailboxes, and not yet signed. */
static enum msg_st
sign_url(const struct sgrant *g, struct span text, char token[TOKEN_LEN + 1])
{
	struct mstore_mailbox	 mb;
	struct imap_arena	 arena;
	struct imap_url		 u;
	uint8_t			 key[KEY_LEN];
	uint32_t		 owner;
	enum msg_st		 code = ST_OK;

	imap_arena_init(&arena, ARENA_MAX);
	if (imap_url_parse(&arena, text, &u) == -1 || u.token.p != NULL ||
	    u.access == IMAP_URL_NONE || u.host.len == 0 ||
	    !account_of(u.user, &owner) || owner != g->account)
		code = ST_BAD;
	else if (!find_mailbox(&u, owner, &mb))
		code = ST_NONEXISTENT;
	else if (!key_get(mb.account, mb.id, key))
		code = engine_code(key_new(mb.account, mb.id, key));
	if (code == ST_OK) {
		sign(key, u.rump, token);
		explicit_bzero(key, sizeof(key));
	}
	imap_arena_free(&arena);
	return code;
}

/* Without a key nothing is signed; the next URL makes a new one. */
static enum msg_st
forget_key(uint32_t account, uint64_t mbox)
{
	uint8_t	 key[KEY_LEN];
	int	 there = key_get(account, mbox, key);

	explicit_bzero(key, sizeof(key));
	return there ? engine_code(mstore_prop_set(engine_begin(), account,
	    mbox, KEY_NAME, SPAN(""))) : ST_OK;
}

static enum msg_st
reset(const struct sgrant *g, const char *name)
{
	struct mstore_listent	 e = { 0 };
	char			 after[MSTORE_MAXNAME + 1] = "";
	enum msg_st		 code = ST_OK;
	uint64_t		 id;

	if (name[0] != '\0') {
		if (mstore_mailbox_find(engine(), g->account, span_of(name),
		    &id) != MSTORE_OK)
			return ST_NONEXISTENT;
		return forget_key(g->account, id);
	}
	while (code == ST_OK && mstore_list_next(engine(), g->account,
	    span_of(after), &e) == MSTORE_OK) {
		if (e.id != 0)
			code = forget_key(g->account, e.id);
		strlcpy(after, e.name, sizeof(after));
	}
	return code;
}

void
surl_key(const struct proc_from *from, const struct msg_st_urlkey *m)
{
	struct msg_st_r	 r = { .sid = m->sid, .req = m->req };
	char		 token[TOKEN_LEN + 1] = "";
	struct sgrant	*g;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL)
		r.code = ST_DENIED;
	else if (m->op == ST_URL_SIGN)
		r.code = sign_url(g, span_of(m->text), token);
	else
		r.code = reset(g, m->text);
	r.text = token;
	(void)proc_send(from->proc, from->inst, M_ST_R, &r, -1);
	explicit_bzero(token, sizeof(token));
}
