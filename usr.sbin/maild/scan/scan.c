#include <sys/mman.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "content.h"
#include "libmail/fixup.h"
#include "libmail/meta.h"
#include "libsmtp/smtp_received.h"
#include "libutil/log.h"
#include "scan.h"
#include "sign.h"

#define SCAN_SECONDS	30	/* the longest a message may take */
#define SCAN_INLINE	10240	/* a meta up to here travels in the message */
#define SCAN_MEMORY	(64 * 1024)	/* kept between messages */

static struct charset_ctx	*charsets;
static struct meta_ctx		*metas;
static struct conf		*conf;

/* As root and outside of the jail: iconv loads its modules from files. */
static void
init(void)
{
	if ((charsets = charset_ctx_new()) == NULL ||
	    (metas = meta_ctx_new(charsets)) == NULL)
		fatal("scan");
	(void)charset_preload(charsets);
}

/* Header lines that we put before the message. */
static int
make_prefixes(const struct msg_scan *m, const struct fixup *fix,
    struct buf *local, struct buf *relay)
{
	uint8_t	 rnd[16];

	if (m->flags & SCAN_SUBMISSION) {
		arc4random_buf(rnd, sizeof(rnd));
		if (fixup_render(fix, m->now, 0, rnd, span_of(m->hostname),
		    relay) == -1)
			return -1;
	}
	if (m->flags & SCAN_LOCAL &&
	    smtp_return_path_put(local, m->sender) == -1)
		return -1;
	if (relay->len > 0 &&
	    buf_add(local, buf_ptr(relay), relay->len) == -1)
		return -1;
	return 0;
}

static void
set_threadkeys(struct msg_scan_r *r, const struct meta *meta)
{
	uint32_t	 i, n = 0;

	r->threadkeys[0] = meta->msgid;
	if (meta->inreplyto != 0)
		r->threadkeys[1 + n++] = meta->inreplyto;
	/* Nearest first: the last ids of References are the nearest. */
	for (i = meta->nrefs; i > 0 && n < 3; i--) {
		if (meta_ref(meta, i - 1) != meta->inreplyto)
			r->threadkeys[1 + n++] = meta_ref(meta, i - 1);
	}
}

/* A large meta gets a descriptor; -1: none, with the meta in r. */
static int
pack_meta(struct msg_scan_r *r, const struct buf *meta)
{
	int	 fd;

	if (meta->len <= SCAN_INLINE) {
		r->meta.data = buf_ptr(meta);
		r->meta.len = meta->len;
		return -1;
	}
	fd = memfd_create("meta", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1 || write(fd, buf_ptr(meta), meta->len) !=
	    (ssize_t)meta->len || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == -1)
		fatal("meta");
	return fd;
}

static void
scan_message(const struct proc_from *from, const struct msg_scan *m,
    struct span msg)
{
	struct msg_scan_r	 r = { .cookie = m->cookie, .text = "",
	    .dkim_selector1 = "", .dkim_selector2 = "", .dkim_domain = "" };
	struct buf		 local, relay, blob;
	struct signature	 sig[2] = { 0 };
	struct fixup		 fix;
	struct meta		 meta;
	int			 fd = -1;

	buf_init(&local, MSG_BLOB);
	buf_init(&relay, MSG_BLOB);
	buf_init(&blob, META_MAX);
	r.status = SCAN_TEMP;
	fixup_scan(msg.p, msg.len, &fix);
	if (!(m->flags & SCAN_APPEND) &&
	    make_prefixes(m, &fix, &local, &relay) == -1)
		goto end;
	if (meta_build(metas, (struct span){ (char *)buf_ptr(&local),
	    local.len }, msg, &blob) == -1 ||
	    meta_open(&meta, buf_ptr(&blob), blob.len) == -1)
		goto end;
	if (m->flags & SCAN_SIGN && sign_message(conf, m, (struct span){
	    (char *)buf_ptr(&relay), relay.len }, msg, sig) == -1)
		goto end;
	r.status = SCAN_OK;
	r.received = fix.nreceived > UINT16_MAX ? UINT16_MAX : fix.nreceived;
	r.prefix = (struct msg_blob){ buf_ptr(&local), local.len };
	r.relay_prefix = (struct msg_blob){ buf_ptr(&relay), relay.len };
	set_threadkeys(&r, &meta);
	sign_fill(&r, m, sig);
	fd = pack_meta(&r, &blob);
end:
	proc_count_add("scan_messages", 1);
	(void)proc_send(from->proc, from->inst, M_SCAN_R, &r, fd);
	buf_free(&local);
	buf_free(&relay);
	buf_free(&blob);
	sign_free(sig);
}

static void
on_scan(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_scan	*m = msg;
	struct msg_scan_r	 r = { .cookie = m->cookie,
	    .status = SCAN_TEMP, .text = "", .dkim_selector1 = "",
	    .dkim_selector2 = "", .dkim_domain = "" };
	struct content		 c;

	if (content_open(&c, fd, m->size) == -1) {
		log_warn("scan: message");
		(void)proc_send(from->proc, from->inst, M_SCAN_R, &r, -1);
	} else {
		/* What takes for ever kills us, and queue sets it aside. */
		alarm(SCAN_SECONDS);
		scan_message(from, m, c.span);
		alarm(0);
		content_close(&c);
	}
	close(fd);
}

static const struct proc_dispatch dispatch[] = {
	{ M_SCAN,	on_scan },
	{ M_MAX,	NULL }
};

static void
use(struct conf *new)
{
	conf = new;
}

static void
stop(void)
{
	proc_stopped();
}

const struct proc_def scan_def = {
	.id = PROC_SCAN,
	.promises = "stdio recvfd sendfd",
	.dispatch = dispatch,
	.init = init,
	.conf_use = use,
	.stop = stop
};
