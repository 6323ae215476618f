/*
 * A message on its way in: scan, signature, spool, mailboxes, and then the
 * answer.  Where it comes from (a client, ourselves, the spool) is the
 * caller's matter.
 */
#ifndef TRANSIT_H
#define TRANSIT_H

#include <stdint.h>

#include "envelope.h"
#include "libutil/buf.h"
#include "msg.h"

struct scanjob;
struct conf;

/* What is to be said of the whole; single destinations have theirs. */
struct transit_result {
	uint16_t	 code;
	const char	*enhanced;
	const char	*text;
};

struct transit;
/*
 * The end: every destination is DONE, FAILED, or PENDING, and those that are
 * PENDING with code 250 or lower are in the spool.  The callback takes the
 * envelope out (transit_take_env) if it wants it; the rest is freed.
 */
typedef void (*transit_cb)(struct transit *, const struct transit_result *,
	    void *arg);

struct dkim_part {
	struct buf	 header;	/* "DKIM-Signature: ... b=" */
	char		*selector;
	uint8_t		 digest[32];
	uint8_t		 state;		/* enum in transit.c */
	struct buf	 signature;
};

struct transit {
	uint64_t	 id;
	struct envelope	*env;
	int		 fd;
	uint64_t	 size;
	uint32_t	 scan;		/* SCAN_* */
	char		*domain;	/* to sign for, or "" */
	uint8_t		 each;		/* answer each recipient: LMTP */
	uint8_t		 spooled;	/* comes from the spool: do not again */
	uint8_t		 dedupe;

	/* filled on the way */
	struct scanjob	*job;
	struct buf	 prefix;
	struct buf	 meta;
	int		 metafd;
	uint32_t	 metasize;
	uint64_t	 threadkeys[4];
	char		*dkim_domain;
	struct dkim_part dkim[2];
	struct msg_scan	 scanmsg;
	struct transit_result result;
	char		 text[MSG_TEXT];
	transit_cb	 cb;
	void		*arg;
};

void		 transit_init(void);
void		 transit_conf(const struct conf *);
/* Takes the envelope and the descriptor; NULL: ENOMEM, both are freed. */
struct transit	*transit_new(struct envelope *, int fd, uint64_t size);
void		 transit_start(struct transit *, transit_cb, void *arg);
/* Whoever waited has gone: it goes on to its end, and that is told to cb. */
void		 transit_orphan(struct transit *, transit_cb cb);
/* Is a message of that id on its way in? */
int		 transit_has(uint64_t id);
struct envelope	*transit_take_env(struct transit *);
int		 transit_take_fd(struct transit *);
void		 transit_signed(const struct msg_dkim_sign_r *);
void		 transit_crypto_gone(void);
size_t		 transit_count(void);

#endif
