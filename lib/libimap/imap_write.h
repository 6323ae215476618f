/*
 * Responses.  An imap_out gathers errors: after the first failed add nothing
 * more is added and fail stays set, so that the caller looks once.
 */
#ifndef IMAP_WRITE_H
#define IMAP_WRITE_H

#include <stdint.h>

#include "libimap/imap_args.h"
#include "libimap/imap_flags.h"
#include "libimap/imap_list.h"
#include "libimap/imap_search.h"
#include "libimap/imap_tree.h"
#include "libutil/buf.h"
#include "libutil/rseq.h"

struct imap_out {
	struct buf	*buf;
	uint8_t		 utf8;	/* UTF8=ACCEPT or IMAP4rev2 is enabled */
	uint8_t		 rev2;	/* IMAP4rev2 is enabled */
	uint8_t		 fail;
	uint8_t		 first;	/* nothing in the list yet */
};

void	imap_out_init(struct imap_out *, struct buf *, uint32_t enabled);

void	imap_out_raw(struct imap_out *, const void *, size_t);
void	imap_out_str(struct imap_out *, const char *);
void	imap_out_span(struct imap_out *, struct span);
void	imap_out_num(struct imap_out *, uint64_t);
void	imap_out_crlf(struct imap_out *);

/* Strings; p NULL is NIL.  Quoted where the bytes allow, else a literal. */
void	imap_out_quoted(struct imap_out *, struct span);
void	imap_out_nstring(struct imap_out *, struct span);
/* An atom where the bytes are one. */
void	imap_out_astring(struct imap_out *, struct span);
/* "{n}\r\n" or "~{n}\r\n"; the bytes are the caller's to add. */
void	imap_out_literal(struct imap_out *, uint64_t n, int binary);
/* Inner form of a mailbox name to the wire's, as an astring. */
void	imap_out_mailbox(struct imap_out *, struct span name);
void	imap_out_datetime(struct imap_out *, int64_t secs, int zone);
/* "1:4,7"; an empty set writes nothing. */
void	imap_out_rseq(struct imap_out *, const struct rseq *);
/* System flags, then keywords of the bit set, with parentheses. */
void	imap_out_flags(struct imap_out *, uint32_t bits,
	    const uint64_t *keywords, const struct span *names, uint32_t n);
/* Text of a reply: control and 8-bit bytes become `?'. */
void	imap_out_text(struct imap_out *, const char *);

/* "tag OK [CODE] text"; tag p NULL is `*', code NULL is none. */
void	imap_out_reply(struct imap_out *, struct span tag, const char *status,
	    const char *code, const char *text);
/* "tag OK " for a code that is built by hand: then "[...] text", crlf. */
void	imap_out_status(struct imap_out *, struct span tag,
	    const char *status);
/* "* n NAME", with the line end: EXISTS, RECENT, EXPUNGE. */
void	imap_out_count(struct imap_out *, uint32_t n, const char *name);
/* "* VANISHED (EARLIER) 1:3", nothing for the empty set. */
void	imap_out_vanished(struct imap_out *, const struct rseq *,
	    int earlier);
/* "[COPYUID v a b]" and "[APPENDUID v a]". */
void	imap_out_copyuid(struct imap_out *, uint32_t uidvalidity,
	    const struct rseq *from, const struct rseq *to);
void	imap_out_appenduid(struct imap_out *, uint32_t uidvalidity,
	    const struct rseq *);

/* Lists: open writes `(', item a space but before the first. */
void	imap_out_open(struct imap_out *);
void	imap_out_item(struct imap_out *);
void	imap_out_close(struct imap_out *);

/*
 * FETCH.  begin: "* 5 FETCH (" or, uidonly, "* 99 UIDFETCH ("; each piece
 * writes its own space; end: ")" and the line end.
 */
void	imap_out_fetch(struct imap_out *, uint32_t seq, uint32_t uid,
	    int uidonly);
void	imap_out_fetch_uid(struct imap_out *, uint32_t uid);
void	imap_out_fetch_flags(struct imap_out *, uint32_t bits,
	    const uint64_t *keywords, const struct span *names, uint32_t n);
void	imap_out_fetch_modseq(struct imap_out *, uint64_t);
void	imap_out_fetch_num(struct imap_out *, const char *name, uint64_t);
void	imap_out_fetch_date(struct imap_out *, const char *name,
	    int64_t secs, int zone);
void	imap_out_fetch_id(struct imap_out *, const char *name, struct span);
/* "ENVELOPE " and rendered bytes. */
void	imap_out_fetch_raw(struct imap_out *, const char *name, struct span);
/* "BODY[1.TEXT]<0> {n}\r\n"; the bytes follow.  n == UINT64_MAX: NIL. */
void	imap_out_fetch_section(struct imap_out *,
	    const struct imap_fetch_item *, uint64_t n, int binary);
void	imap_out_fetch_nstring(struct imap_out *, const char *name,
	    struct span);
void	imap_out_fetch_end(struct imap_out *);

/* One row of LIST or LSUB; ret as in the command. */
void	imap_out_list(struct imap_out *, const struct imap_tree_node *,
	    const struct imap_list *, int lsub);

/* STATUS: begin with the name, items as in the command, end.  UINT64_MAX is
 * NIL (APPENDLIMIT). */
void	imap_out_status_begin(struct imap_out *, struct span mailbox);
void	imap_out_status_item(struct imap_out *, uint32_t bit, uint64_t);
void	imap_out_status_id(struct imap_out *, struct span mailboxid);
void	imap_out_status_end(struct imap_out *);

/*
 * "* SEARCH 1 2 (MODSEQ 5)", which rev1 answers without RETURN, modseq 0:
 * none; or "* ESEARCH (TAG "a") UID ...".  set is of uids or numbers.
 */
void	imap_out_search(struct imap_out *, const struct rseq *,
	    uint64_t modseq);
void	imap_out_esearch(struct imap_out *, struct span tag, int uid,
	    const struct imap_search *, const struct rseq *, uint64_t modseq);
/* Of one mailbox out of many (RFC 7377), by uid. */
void	imap_out_esearch_in(struct imap_out *, struct span tag,
	    struct span mailbox, uint32_t uidvalidity,
	    const struct imap_search *, const struct rseq *, uint64_t modseq);

#endif
