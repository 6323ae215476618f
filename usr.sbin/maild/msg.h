/*
 * The contract: what the processes say to each other.  A message from a peer
 * is hostile input.  msg.c holds one row for each type: who may send it to
 * whom, its fields with their caps, whether it carries a descriptor.  The row
 * drives one encoder, one decoder and one test for all; proc.c checks the row
 * before any handler runs, and a worker that breaks it is ended (proc_bad).
 *
 * Strings end in NUL on the wire and hold none inside; after msg_get they and
 * the blobs point into the message and live as long as its handler runs.
 * Integers travel big endian, fields in the order of the row, nothing between
 * or after them.
 */
#ifndef MSG_H
#define MSG_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/addr.h"

struct ibuf;

enum proc_id {
	PROC_PARENT,
	PROC_CONTROL,
	PROC_SMTP,
	PROC_RELAY,
	PROC_IMAP,
	PROC_QUEUE,
	PROC_STORE,
	PROC_LOOKUP,
	PROC_AUTH,
	PROC_CRYPTO,
	PROC_SCAN,
	PROC_MAX
};

/* Caps, in bytes without the NUL. */
#define MSG_ADDRESS	320	/* an address, canonical local@domain */
#define MSG_DOMAIN	255
#define MSG_IDENT	340	/* of an access control list */
#define MSG_MAILBOX	1000	/* mailbox name, UTF-8 */
#define MSG_TEXT	512	/* human text of a reply */
#define MSG_ENHANCED	12	/* "5.7.1" */
#define MSG_BLOB	12288	/* inline bulk; more travels in a descriptor */
#define MSG_UIDS	7680	/* a blob that travels with another like it */
#define MSG_SASL	4096
#define MSG_BINDING	256	/* channel binding */
#define MSG_KEYWORDS	3072	/* names of keywords, separated by spaces */
#define MSG_PREFIX	2048	/* header fields put before a message */
#define MSG_RELAY_PREFIX 8192	/* the same with signatures */
#define MSG_DKIM	1200	/* a DKIM-Signature field without its b= */
#define MSG_SIGN	1024	/* a signature, or what is to be signed */
#define MSG_ENVID	300
#define MSG_ORCPT	500
#define MSG_URL		2000	/* of a message in a mailbox */
#define MSG_LINE	2048	/* of the log */
/* A whole message, encoded: not all its fields may be as long as they can. */
#define MSG_SIZE	16368

struct msg_blob {
	const void	*data;
	size_t		 len;
};

/* A worker that a third process speaks of: PROC_SMTP 2, session 77. */
struct msg_origin {
	uint8_t		proc;		/* enum proc_id */
	uint8_t		inst;
	uint64_t	sid;
};

enum msg_type {
	/* parent <-> every child: start, configuration, stop */
	M_PEER,			/* + fd: a socketpair to another process */
	M_CONF,			/* + fd: the new configuration, for this role */
	M_CONF_TABLE,		/* + fd: a packed table, belongs to M_CONF */
	M_CONF_KEY,		/* + fd: a private key file (crypto) */
	M_CONF_LISTEN,		/* + fd: a listening socket (smtp, imap) */
	M_CONF_CHECK,		/* all of it was sent: is it usable? */
	M_CONF_CHECK_R,
	M_CONF_SWAP,		/* everybody said yes: use it; or drop it */
	M_WIRED,		/* you know all that are there: begin */
	M_READY,		/* child: sandboxed and serving */
	M_LOG,			/* child: a line for the log */
	M_LOGLEVEL,
	M_STOP,			/* finish what was begun, then exit 0 */
	M_PEER_GONE,		/* parent: that process died; forget it */
	M_PEER_BAD,		/* it says what makes no sense: end it */

	/* smtp, imap <-> lookup: a client connects */
	M_CONNECT,
	M_CONNECT_R,
	M_DISCONNECT,

	/* smtp, imap <-> auth: SASL */
	M_AUTH_START,
	M_AUTH_CONT,
	M_AUTH_CHALLENGE,
	M_AUTH_R,
	M_AUTH_ABORT,
	/* auth -> queue, store; those -> smtp, imap */
	M_GRANT,
	M_GRANTED,
	/* smtp, imap -> queue, store: the session is over, drop its grant */
	M_SESSION_END,

	/* smtp <-> queue: a transaction */
	M_ENV_FROM,
	M_ENV_RCPT,
	M_ENV_RCPT_R,		/* + fd with the first accepted recipient */
	M_ENV_SPILL,		/* the body grows: a file instead, please */
	M_ENV_SPILL_R,		/* + fd */
	M_ENV_COMMIT,
	M_ENV_COMMIT_R,
	M_ENV_ABORT,

	/* imap <-> queue: APPEND */
	M_APPEND_OPEN,
	M_APPEND_OPEN_R,	/* + fd */
	M_APPEND_MSG,		/* one message's bytes are complete (+ fd) */
	M_APPEND_COMMIT,
	M_APPEND_R,
	M_APPEND_ABORT,

	/* queue <-> lookup */
	M_EXPAND,
	M_EXPAND_DST,
	M_EXPAND_R,

	/* queue <-> scan */
	M_SCAN,			/* + fd: the message */
	M_SCAN_R,		/* (+ fd: what does not fit) */

	/* queue <-> crypto */
	M_DKIM_SIGN,
	M_DKIM_SIGN_R,

	/* queue <-> store */
	M_DELIVER_TO,
	M_DELIVER,		/* + fd: the body; after its M_DELIVER_TO */
	M_DELIVER_META,		/* + fd: a meta that is too large; before */
	M_DELIVER_R,
	M_STORE_APPEND_MSG,	/* + fd */
	M_STORE_APPEND,
	M_STORE_APPEND_R,
	M_ROOM,			/* queue, before 250 to RCPT: is there room? */
	M_ROOM_R,
	M_STORE_FULL,		/* store: its disk is below the reserve */

	/* queue <-> relay */
	M_RELAY_RCPT,
	M_RELAY,		/* + fd: the body; after its M_RELAY_RCPT */
	M_RELAY_RCPT_R,
	M_RELAY_R,
	M_RELAY_WINDOW,		/* relay: so many more messages, please */

	/* relay, smtp <-> lookup */
	M_MX,
	M_MX_HOST,
	M_MX_R,
	M_PTR,
	M_PTR_R,

	/* imap <-> store */
	M_ST_LIST,
	M_ST_LIST_R,		/* (+ fd) */
	M_ST_MAILBOX,		/* create, delete, rename, (un)subscribe */
	M_ST_STATUS,
	M_ST_STATUS_R,
	M_ST_SELECT,
	M_ST_SELECT_R,
	M_ST_UNSELECT,
	M_ST_UIDS,
	M_ST_UIDS_R,		/* (+ fd) */
	M_ST_SYNC,
	M_ST_SYNC_R,		/* (+ fd) */
	M_ST_CHANGED,		/* store: a selected mailbox has moved on */
	M_ST_FETCH,
	M_ST_FETCH_R,		/* (+ fd) */
	M_ST_FLAGS,
	M_ST_FLAGS_R,
	M_ST_EXPUNGE,
	M_ST_COPY,
	M_ST_COPY_R,
	M_ST_QUOTA,
	M_ST_QUOTA_R,
	M_ST_PROPS,
	M_ST_PROPS_R,		/* (+ fd) */
	M_ST_SETPROPS,
	M_ST_ACL,
	M_ST_ACL_R,		/* (+ fd) */
	M_ST_URL,		/* bytes that a signed URL names; ST_FETCH_R */
	M_ST_URLKEY,		/* sign one, or make new keys; ST_R */
	M_ST_NOTIFY,		/* this session wants to hear of everything */
	M_ST_EVENT,
	M_ST_R,			/* plain answer: code and text */

	/* {smtp, imap, relay} <-> crypto, on the blocking socketpair */
	M_TLS_SIGN,
	M_TLS_SIGN_R,

	/* control <-> anybody */
	M_CTL,
	M_CTL_ROW,
	M_CTL_END,
	M_CTL_WAIT,		/* many rows: when these are out, tell me */
	M_CTL_MORE,
	/* control -> crypto via parent: a new DKIM key */
	M_CTL_KEYGEN,		/* + fd: where to write the private key */
	M_CTL_KEYGEN_R,

	M_MAX
};

/* ---- parent and children ------------------------------------------------- */

struct msg_peer {
	uint8_t		proc;
	uint8_t		inst;
	uint8_t		sync;		/* the blocking one, to crypto */
	uint32_t	restarts;	/* which one of that name it is */
};

struct msg_conf {
	uint32_t	generation;
};

struct msg_conf_table {
	uint32_t	generation;
	uint8_t		table;		/* enum conf_table, see conf.h */
};

struct msg_conf_key {
	uint32_t	generation;
	uint8_t		kind;		/* enum conf_key: TLS, DKIM, ... */
	const char	*name;		/* TLS: certificate; DKIM: domain */
	const char	*selector;	/* DKIM */
	struct msg_blob	pubhash;	/* TLS: SHA-256 of the public key */
};

struct msg_conf_listen {
	uint32_t	generation;
	uint32_t	listener;	/* index in the configuration */
};

struct msg_conf_check {
	uint32_t	generation;
};

struct msg_conf_check_r {
	uint32_t	generation;
	uint8_t		ok;
	const char	*text;		/* why not */
};

struct msg_conf_swap {
	uint32_t	generation;
	uint8_t		use;		/* 0: drop it, keep the old */
};

struct msg_wired {
	uint8_t		dummy;		/* zero */
};

struct msg_ready {
	uint32_t	pid;
};

struct msg_log {
	uint8_t		prio;
	const char	*line;
};

struct msg_loglevel {
	uint8_t		verbose;
};

struct msg_stop {
	uint8_t		dummy;		/* zero */
};

struct msg_peer_gone {
	uint8_t		proc;
	uint8_t		inst;
};

/* Of a worker, by one who is none. */
struct msg_peer_bad {
	uint8_t		proc;
	uint8_t		inst;
	uint32_t	restarts;	/* of M_PEER: not its successor */
	const char	*text;
};

/* ---- a client connects --------------------------------------------------- */

struct msg_connect {
	uint64_t	sid;
	uint32_t	listener;
	struct addr	client;
};

struct msg_connect_r {
	uint64_t	sid;
	uint16_t	code;		/* 0 go on, else 421 or 554 */
	const char	*text;
	const char	*rdns;		/* verified name of the client, or "" */
};

struct msg_disconnect {
	uint64_t	sid;
};

/* ---- SASL ---------------------------------------------------------------- */

enum msg_mech { MECH_PLAIN, MECH_LOGIN, MECH_SCRAM256, MECH_SCRAM256_PLUS };
enum msg_service { SERVICE_SMTP, SERVICE_IMAP, SERVICE_POP3, SERVICE_SIEVE };
enum msg_auth {
	AUTH_OK,
	AUTH_BAD,
	AUTH_TEMP,
	AUTH_LIMIT,
	/* POP3 alone, and right after the password was right */
	AUTH_INUSE,		/* too many sessions of the account */
	AUTH_DELAY		/* it has logged in too short a time ago */
};

struct msg_auth_start {
	uint64_t	sid;
	uint8_t		mech;		/* LOGIN: the worker makes it PLAIN */
	uint8_t		service;
	uint8_t		tls;
	struct addr	client;
	struct msg_blob	binding;	/* channel binding data, PLUS only */
	uint8_t		has_initial;
	struct msg_blob	initial;	/* decoded, may hold NULs */
};

struct msg_auth_cont {
	uint64_t	sid;
	struct msg_blob	data;
};

struct msg_auth_challenge {
	uint64_t	sid;
	struct msg_blob	data;
};

struct msg_auth_r {
	uint64_t	sid;
	uint8_t		result;		/* enum msg_auth */
	const char	*account;	/* OK: canonical name */
	const char	*text;
	struct msg_blob	final;		/* SCRAM: server-final-message */
};

struct msg_auth_abort {
	uint64_t	sid;
};

struct msg_grant {
	struct msg_origin origin;	/* smtp to queue, imap to store */
	const char	*account;
	uint64_t	quota_bytes;	/* 0: none */
	uint64_t	quota_messages;
};

struct msg_granted {
	uint64_t	sid;
	uint8_t		ok;		/* 0: the account cannot be opened */
	const char	*text;
};

struct msg_session_end {
	uint64_t	sid;
};

/* ---- smtp <-> queue ------------------------------------------------------ */

#define ENV_AUTH	0x0001	/* smtp believes; the grant decides */
#define ENV_TLS		0x0002
#define ENV_ESMTP	0x0004
#define ENV_LMTP	0x0008
#define ENV_SUBMISSION	0x0010	/* came in by a submission listener */
#define ENV_LOCAL	0x0020	/* came in by the local socket */
#define ENV_8BIT	0x0040
#define ENV_UTF8	0x0080
#define ENV_REQUIRETLS	0x0100
#define ENV_RET_HDRS	0x0200
#define ENV_RET_FULL	0x0400
#define ENV_BINARY	0x0800

/* Notify, as in RFC 3461 4.1. */
#define ENV_NEVER	0x01
#define ENV_SUCCESS	0x02
#define ENV_FAILURE	0x04
#define ENV_DELAY	0x08

struct msg_env_from {
	uint64_t	sid;
	uint32_t	txn;		/* grows by one with each MAIL */
	uint32_t	flags;		/* ENV_* */
	uint32_t	listener;
	uint64_t	size;		/* announced by SIZE=, else 0 */
	uint32_t	uid;		/* local socket: the peer's, else ~0 */
	struct addr	client;
	const char	*sender;	/* "" is the null sender */
	const char	*helo;
	const char	*rdns;
	const char	*envid;
};

struct msg_env_rcpt {
	uint64_t	sid;
	uint32_t	txn;
	uint32_t	n;		/* 0, 1, ... in this transaction */
	uint8_t		notify;
	const char	*rcpt;
	const char	*orcpt;
};

struct msg_env_rcpt_r {
	uint64_t	sid;
	uint32_t	txn;
	uint32_t	n;
	uint64_t	id;		/* of the message: the trace id */
	uint16_t	code;		/* 250, 450, 550, ... */
	const char	*enhanced;
	const char	*text;
};

/*
 * A body of unknown size begins in memory.  Past ENV_MEMORY smtp asks for a
 * file on disk, copies what it has there and goes on with that.
 */
#define ENV_MEMORY	(1024 * 1024)

struct msg_env_spill {
	uint64_t	sid;
	uint32_t	txn;
};

struct msg_env_spill_r {
	uint64_t	sid;
	uint32_t	txn;
	uint8_t		ok;		/* 0, and no descriptor: 452 */
};

struct msg_env_commit {
	uint64_t	sid;
	uint32_t	txn;
	uint64_t	size;		/* of what smtp wrote */
};

/* One for all recipients with n ~0, or (LMTP) one each and no other. */
struct msg_env_commit_r {
	uint64_t	sid;
	uint32_t	txn;
	uint32_t	n;
	uint64_t	id;
	uint16_t	code;
	const char	*enhanced;
	const char	*text;
};

struct msg_env_abort {
	uint64_t	sid;
	uint32_t	txn;
};

/* ---- imap <-> queue: APPEND ---------------------------------------------- */

struct msg_append_open {
	uint64_t	sid;
	uint32_t	txn;
	uint32_t	n;		/* 0, 1, ...: MULTIAPPEND */
	uint64_t	size;
};

struct msg_append_open_r {
	uint64_t	sid;
	uint32_t	txn;
	uint32_t	n;
	uint8_t		code;		/* enum msg_st */
};

/*
 * A small message comes in memory that imap has made itself, if it is the next
 * one in order: that saves asking for it.  The queue seals it, or refuses.
 */
#define APPEND_OWN	(1024 * 1024)	/* bytes; and no more messages than */
#define APPEND_OWN_N	100

struct msg_append_msg {
	uint64_t	sid;
	uint32_t	txn;
	uint32_t	n;
	uint64_t	size;
	uint32_t	flags;		/* MSTORE_SEEN ..., as all flags here */
	int64_t		date;		/* internal date; INT64_MIN: now */
	uint16_t	zone;		/* its zone: minutes east, int16_t */
	const char	*keywords;	/* separated by spaces */
};

struct msg_append_commit {
	uint64_t	sid;
	uint32_t	txn;
	uint32_t	count;
	const char	*mailbox;
	/* REPLACE: in the same step this one goes; uid 0: none does. */
	uint64_t	oldmbox;
	uint32_t	olduid;
};

struct msg_append_r {
	uint64_t	sid;
	uint32_t	txn;
	uint8_t		code;		/* enum msg_st */
	uint32_t	uidvalidity;
	uint32_t	first;		/* uids first .. last */
	uint32_t	last;
	const char	*text;
};

struct msg_append_abort {
	uint64_t	sid;
	uint32_t	txn;
};

/* ---- queue <-> lookup ---------------------------------------------------- */

enum msg_dst { DST_ACCOUNT, DST_REMOTE, DST_DISCARD };

struct msg_expand {
	uint64_t	cookie;
	uint32_t	flags;		/* ENV_* */
	uint32_t	uid;		/* local socket's peer, else ~0 */
	struct addr	client;
	uint32_t	listener;
	const char	*account;	/* from the grant, or "" */
	const char	*sender;
	const char	*rcpt;
};

struct msg_expand_dst {
	uint64_t	cookie;
	uint8_t		kind;		/* enum msg_dst */
	const char	*address;	/* account's name, or remote address */
	const char	*mailbox;	/* sub-address: there if it exists */
	uint64_t	quota_bytes;
	uint64_t	quota_messages;
};

struct msg_expand_r {
	uint64_t	cookie;
	uint16_t	code;
	const char	*enhanced;
	const char	*text;
	uint8_t		own_sender;	/* sender's domain is one of ours */
	uint8_t		trusted;	/* may relay: account, network, local */
	const char	*alias;		/* forwarded: reverse-path, or "" */
};

/* ---- queue <-> scan ------------------------------------------------------ */

#define SCAN_SUBMISSION	0x01	/* add Date and Message-ID where missing */
#define SCAN_SIGN	0x02	/* make DKIM header and digest */
#define SCAN_APPEND	0x04	/* as it is: nothing is added */
#define SCAN_LOCAL	0x08	/* add Return-Path: the final delivery */

struct msg_scan {
	uint64_t	cookie;
	uint64_t	size;
	uint32_t	flags;
	int64_t		now;
	uint64_t	id;
	const char	*sender;
	const char	*domain;	/* DKIM: sign for it if From agrees */
	const char	*hostname;	/* for a Message-ID */
};

enum msg_scan_status { SCAN_OK, SCAN_TEMP, SCAN_REFUSE };

struct msg_scan_r {
	uint64_t	cookie;
	uint8_t		status;
	uint16_t	code;		/* SCAN_REFUSE: reply */
	const char	*text;
	uint16_t	received;	/* Received fields seen: loops */
	struct msg_blob	prefix;		/* for the local copy */
	struct msg_blob	relay_prefix;	/* for the relayed copy, unsigned */
	struct msg_blob	meta;		/* libmail/meta.h; empty: in the fd */
	uint64_t	threadkeys[4];	/* msgid, in-reply-to, refs; 0 none */
	const char	*dkim_selector1;
	struct msg_blob	dkim_header1;	/* ends in "b="; empty: none */
	struct msg_blob	dkim_digest1;	/* SHA-256 */
	const char	*dkim_selector2;
	struct msg_blob	dkim_header2;
	struct msg_blob	dkim_digest2;
	const char	*dkim_domain;
};

struct msg_dkim_sign {
	uint64_t	cookie;
	uint8_t		n;		/* 1 or 2: which of the two */
	const char	*domain;
	const char	*selector;
	struct msg_blob	digest;
};

struct msg_dkim_sign_r {
	uint64_t	cookie;
	uint8_t		n;
	uint8_t		ok;
	struct msg_blob	signature;
};

/* ---- queue <-> store ----------------------------------------------------- */

enum msg_st {
	ST_OK,
	ST_TEMP,		/* try later: disk, restart */
	ST_QUOTA,
	ST_NONEXISTENT,		/* mailbox */
	ST_EXISTS,
	ST_DENIED,		/* no grant, no right */
	ST_LIMIT,
	ST_BAD,			/* the request makes no sense */
	ST_GONE,		/* expunged, or uidvalidity changed */
	ST_INUSE,
	ST_NOSPACE,		/* the disk is below its reserve */
	ST_MORE			/* done in part: ask once more */
};

struct msg_deliver_to {
	uint64_t	cookie;
	uint32_t	n;
	const char	*account;
	const char	*mailbox;	/* sub-address or "" */
	uint64_t	quota_bytes;
	uint64_t	quota_messages;
};

struct msg_deliver {
	uint64_t	cookie;
	uint64_t	id;		/* of the message */
	uint8_t		dedupe;		/* refuse a second one with this id */
	uint32_t	count;		/* of M_DELIVER_TO that came before */
	int64_t		date;
	uint64_t	size;		/* bytes in the descriptor */
	struct msg_blob	prefix;
	struct msg_blob	meta;		/* empty: came by M_DELIVER_META */
	uint64_t	threadkeys[4];
};

struct msg_deliver_meta {
	uint64_t	cookie;
	uint32_t	n;		/* message of an append, else 0 */
	uint32_t	size;
};

struct msg_deliver_r {
	uint64_t	cookie;
	uint32_t	n;		/* one for each M_DELIVER_TO */
	uint8_t		code;		/* enum msg_st */
	const char	*mailbox;	/* where it went */
	uint32_t	uid;
};

struct msg_store_append_msg {
	uint64_t	cookie;
	uint32_t	n;
	uint64_t	size;
	uint32_t	flags;
	int64_t		date;
	uint16_t	zone;
	const char	*keywords;
	struct msg_blob	meta;
	uint64_t	threadkeys[4];
};

struct msg_store_append {
	uint64_t	cookie;
	struct msg_origin origin;
	uint32_t	count;
	const char	*mailbox;
	uint64_t	oldmbox;	/* as in msg_append_commit */
	uint32_t	olduid;
};

struct msg_store_append_r {
	uint64_t	cookie;
	uint8_t		code;
	uint32_t	uidvalidity;
	uint32_t	first;
	uint32_t	last;
	const char	*text;
};

/* What the account may hold; 0 is no limit, and ~0 in the answer too. */
struct msg_room {
	uint64_t	cookie;
	const char	*account;
	uint64_t	quota_bytes;
	uint64_t	quota_messages;
};

struct msg_room_r {
	uint64_t	cookie;
	uint64_t	bytes;		/* that still go in */
	uint64_t	messages;
};

struct msg_store_full {
	uint8_t		full;
};

/* ---- queue <-> relay ----------------------------------------------------- */

struct msg_relay_rcpt {
	uint64_t	id;
	uint32_t	n;
	uint8_t		notify;
	const char	*rcpt;
	const char	*orcpt;
};

struct msg_relay {
	uint64_t	id;
	uint32_t	count;		/* of M_RELAY_RCPT that came before */
	uint32_t	flags;		/* ENV_8BIT, ENV_UTF8, ... */
	uint64_t	size;
	const char	*domain;	/* all recipients are of this one */
	const char	*sender;
	const char	*envid;
	struct msg_blob	prefix;
};

enum msg_relay_result { RELAY_OK, RELAY_TEMP, RELAY_PERM };

struct msg_relay_rcpt_r {
	uint64_t	id;
	uint32_t	n;
	uint8_t		result;
	uint16_t	code;
	uint8_t		dsn;		/* the next hop does DSN itself */
	const char	*enhanced;
	const char	*text;
	const char	*host;
};

struct msg_relay_r {
	uint64_t	id;
};

struct msg_relay_window {
	uint32_t	messages;	/* the most that may be under way */
};

/* ---- DNS ----------------------------------------------------------------- */

enum msg_mx_status { MX_OK, MX_NONE, MX_NULL, MX_TEMP };

struct msg_mx {
	uint64_t	cookie;
	uint8_t		host_only;	/* a smarthost: no MX, just addresses */
	const char	*name;
};

struct msg_mx_host {
	uint64_t	cookie;
	uint16_t	preference;
	uint8_t		secure;		/* DNSSEC said so */
	const char	*host;
	struct addr	addr;
};

struct msg_mx_r {
	uint64_t	cookie;
	uint8_t		status;		/* enum msg_mx_status */
	uint8_t		secure;
	const char	*text;
};

struct msg_ptr {
	uint64_t	cookie;
	struct addr	addr;
};

struct msg_ptr_r {
	uint64_t	cookie;
	const char	*name;		/* forward-confirmed, or "" */
};

/* ---- imap <-> store ------------------------------------------------------ */

/*
 * req numbers the requests of a session; answers come in any order.  mbox is
 * the mailbox's id, which a session may use after M_ST_SELECT_R.  Sets of uids
 * are in rseq's wire form (libutil/rseq.h).
 */

#define ST_LIST_COUNTERS 0x01	/* with STATUS counters */

struct msg_st_list {
	uint64_t	sid;
	uint32_t	req;
	uint32_t	flags;
};

/* rows in the form of strow.h; in the fd when size > 0 */
struct msg_st_list_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint64_t	size;		/* bytes in the descriptor, or 0 */
	struct msg_blob	rows;
};

enum msg_st_op {
	ST_CREATE, ST_DELETE, ST_RENAME, ST_SUBSCRIBE, ST_UNSUBSCRIBE
};

struct msg_st_mailbox {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		op;		/* enum msg_st_op */
	uint32_t	use;		/* MSTORE_USE_*, ST_CREATE */
	const char	*name;
	const char	*newname;
};

struct msg_st_status {
	uint64_t	sid;
	uint32_t	req;
	const char	*name;
};

struct msg_st_status_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint64_t	mbox;
	uint32_t	uidvalidity;
	uint32_t	uidnext;
	uint32_t	exists;
	uint32_t	unseen;
	uint32_t	deleted;
	uint32_t	recent;
	uint64_t	highestmodseq;
	uint64_t	size;
	uint64_t	deleted_size;
};

#define ST_SELECT_READONLY	0x01

struct msg_st_select {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		flags;
	const char	*name;
};

struct msg_st_select_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint8_t		readonly;
	uint16_t	rights;		/* RIGHT_*, rights.h */
	uint32_t	reader;		/* whose \Seen it shows; 0: owner's */
	uint64_t	mbox;
	uint32_t	uidvalidity;
	uint32_t	uidnext;
	uint32_t	exists;
	uint32_t	recent_first;	/* uids from here are \Recent for us */
	uint32_t	recent;
	uint32_t	first_unseen;	/* its sequence number, or 0 */
	uint64_t	highestmodseq;
	uint64_t	floor;		/* oldest modseq that M_ST_SYNC knows */
	const char	*keywords;	/* bit 0 first, separated by spaces */
	const char	*text;
};

struct msg_st_unselect {
	uint64_t	sid;
	uint64_t	mbox;
};

struct msg_st_uids {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	mbox;
};

struct msg_st_uids_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint64_t	mbox;
	uint64_t	modseq;		/* true as of this */
	uint32_t	uidnext;
	uint64_t	size;		/* in the descriptor, or 0 */
	struct msg_blob	uids;
};

/* What has happened to a mailbox since modseq. */
struct msg_st_sync {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	mbox;
	uint64_t	since;
};

/*
 * rows: two rseqs, each after its u32 length (big endian): the uids that
 * vanished, and those that are new or changed; then rows with flags and modseq
 * (libstore/mstore_page.h) of the latter.
 */
struct msg_st_sync_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;		/* ST_GONE: too old, fetch all uids */
	uint64_t	mbox;
	uint64_t	modseq;
	uint32_t	uidnext;
	uint32_t	exists;
	uint64_t	size;
	const char	*keywords;
	struct msg_blob	rows;
};

/* To each worker that has a session in it, once; not in answer to anything. */
struct msg_st_changed {
	uint64_t	mbox;
	uint64_t	modseq;
	uint32_t	uidnext;
	uint32_t	exists;
	uint8_t		deleted;	/* the mailbox itself is gone */
	uint64_t	recent_sid;	/* whose the new \Recent are, or 0 */
};

#define ST_FETCH_HOT	0x01	/* flags, keywords, modseq */
#define ST_FETCH_WHERE	0x02	/* size, dates, ids */
#define ST_FETCH_META	0x04	/* libmail/meta.h */
#define ST_FETCH_BODY	0x08	/* bytes offset .. offset + length */
#define ST_FETCH_SEARCH	0x10	/* libmail/brief.h: BRIEF_SEARCH */
#define ST_FETCH_FIELDS	0x20	/* BRIEF_FIELDS */

struct msg_st_fetch {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	mbox;
	uint32_t	columns;	/* ST_FETCH_* */
	uint64_t	offset;		/* ST_FETCH_BODY, of each message */
	uint64_t	length;		/* ~0: to the end */
	uint32_t	next_off;	/* of the first uid: go on from here */
	uint32_t	budget;		/* stop after about so many bytes */
	struct msg_blob	uids;
};

/*
 * A page of rows; ask again from `next' and `next_off' on.  Uids that are gone
 * are not in it; a body that is larger than a page comes in several rows.
 */
struct msg_st_fetch_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint32_t	next;		/* 0: that was all */
	uint32_t	next_off;	/* of its body, when cut */
	uint64_t	size;		/* in the descriptor, or 0 */
	struct msg_blob	rows;
};

enum msg_st_flags_op { ST_FLAGS_ADD, ST_FLAGS_DEL, ST_FLAGS_SET };

struct msg_st_flags {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	mbox;
	uint8_t		op;
	uint32_t	flags;
	const char	*keywords;
	uint64_t	unchangedsince;	/* ~0: whatever */
	struct msg_blob	uids;
};

struct msg_st_flags_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint8_t		changed;	/* some are different now */
	uint64_t	modseq;		/* theirs, or the mailbox's as it was */
	const char	*text;
	struct msg_blob	failed;		/* rseq: UNCHANGEDSINCE said no */
};

struct msg_st_expunge {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	mbox;
	struct msg_blob	uids;		/* of these the \Deleted; empty: all */
};

struct msg_st_copy {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	mbox;
	uint8_t		move;
	uint8_t		more;		/* uids go on in the next one: that is
					 * the one that is answered */
	const char	*name;
	struct msg_blob	uids;
};

struct msg_st_copy_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint32_t	uidvalidity;	/* of the destination */
	uint64_t	modseq;		/* of the source, after it */
	const char	*text;
	uint32_t	count;		/* messages that were copied */
	uint32_t	first;		/* their uids are first and on */
	struct msg_blob	from;		/* rseq; empty if it does not fit */
};

struct msg_st_quota {
	uint64_t	sid;
	uint32_t	req;
};

struct msg_st_quota_r {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	bytes;
	uint64_t	bytes_limit;	/* 0: none */
	uint64_t	messages;
	uint64_t	messages_limit;
};

/* Annotations: of the mailbox, of the server (name ""), or all mailboxes'. */
struct msg_st_props {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		all;
	const char	*name;
};

/* rows in the form of proprow.h; in the fd when size > 0 */
struct msg_st_props_r {
	uint64_t	sid;
	uint32_t	req;
	uint64_t	size;
	struct msg_blob	rows;
};

/* All of them or none; ST_LIMIT: too many.  Answered by M_ST_R. */
struct msg_st_setprops {
	uint64_t	sid;
	uint32_t	req;
	const char	*name;
	struct msg_blob	rows;		/* proprow.h, mbox is ignored */
};

enum msg_st_acl_op {
	ST_ACL_GET, ST_ACL_SET, ST_ACL_ADD, ST_ACL_DEL, ST_ACL_DELETE,
	ST_ACL_LIST,		/* LISTRIGHTS */
	ST_ACL_MINE		/* MYRIGHTS */
};

/* Access control (RFC 4314).  M_ST_R answers what changes, and failures. */
struct msg_st_acl {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		op;		/* enum msg_st_acl_op */
	uint16_t	rights;		/* RIGHT_*, ST_ACL_SET, ADD, DEL */
	const char	*name;
	const char	*identifier;
};

/* rows in the form of aclrow (rights.h); in the fd when size > 0 */
struct msg_st_acl_r {
	uint64_t	sid;
	uint32_t	req;
	uint16_t	rights;		/* MINE: they; LIST: always there */
	uint64_t	size;
	struct msg_blob	rows;
};

/*
 * URLAUTH (RFC 4467): the keys are the store's, who judges each URL anew: whose
 * message it is, who may see it, until when, and that its owner has said so.
 */
struct msg_st_url {
	uint64_t	sid;
	uint32_t	req;
	uint32_t	columns;	/* as in msg_st_fetch */
	uint64_t	offset;
	uint64_t	length;
	uint32_t	budget;
	const char	*url;
};

enum msg_st_urlkey_op { ST_URL_SIGN, ST_URL_RESET };

struct msg_st_urlkey {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		op;
	const char	*text;		/* SIGN: the URL, answered by the token;
					 * RESET: a mailbox, or "" for all */
};

/* NOTIFY (RFC 5465): events of all mailboxes that are in the account's list. */
struct msg_st_notify {
	uint64_t	sid;
	uint8_t		on;
};

enum msg_st_event_kind {
	ST_EV_MESSAGES,		/* bits and counters */
	ST_EV_CREATED, ST_EV_RENAMED, ST_EV_DELETED,
	ST_EV_RIGHTS,		/* the mailbox is there with other rights */
	ST_EV_SUBSCRIBED, ST_EV_UNSUBSCRIBED,
	ST_EV_METADATA		/* of a mailbox; name "": the server's */
};
#define ST_EV_NEW	0x01
#define ST_EV_EXPUNGE	0x02
#define ST_EV_FLAGS	0x04

struct msg_st_event {
	uint64_t	sid;
	uint8_t		kind;		/* enum msg_st_event_kind */
	uint8_t		bits;		/* ST_EV_MESSAGES: what happened */
	uint8_t		subscribed;
	uint8_t		children;
	uint64_t	mbox;
	uint32_t	uidvalidity;
	uint32_t	uidnext;
	uint32_t	exists;
	uint32_t	unseen;
	uint64_t	highestmodseq;
	const char	*name;		/* as the session knows it */
	const char	*other;		/* its old name, or the annotation's */
};

struct msg_st_r {
	uint64_t	sid;
	uint32_t	req;
	uint8_t		code;
	uint64_t	mbox;		/* ST_CREATE, ST_DELETE: its id */
	uint64_t	modseq;		/* ST_EXPUNGE: after it */
	const char	*text;
};

/* ---- keys ---------------------------------------------------------------- */

enum msg_sign { SIGN_RSA_PKCS1, SIGN_RSA_RAW_PSS, SIGN_ECDSA };

struct msg_tls_sign {
	uint32_t	cookie;
	uint8_t		op;		/* enum msg_sign */
	struct msg_blob	key;		/* SHA-256 of the public key */
	struct msg_blob	input;		/* at most 1024 bytes */
};

struct msg_tls_sign_r {
	uint32_t	cookie;
	uint8_t		ok;
	struct msg_blob	output;
};

/* ---- mailctl ------------------------------------------------------------- */

enum msg_ctl_verb {
	CTL_STATUS,		/* parent: processes */
	CTL_STATS,		/* all: counters */
	CTL_SESSIONS,		/* smtp, imap, relay */
	CTL_QUEUE_LIST,		/* queue */
	CTL_QUEUE_SHOW,
	CTL_QUEUE_RETRY,
	CTL_QUEUE_HOLD,
	CTL_QUEUE_RELEASE,
	CTL_QUEUE_REMOVE,
	CTL_QUEUE_BOUNCE,
	CTL_TRACE,		/* queue */
	CTL_RELOAD,		/* parent */
	CTL_STOP,		/* parent */
	CTL_LOG,		/* parent: arg verbose or brief */
	CTL_DKIM_ADD,		/* parent, crypto */
	CTL_ACCOUNT_PURGE,	/* store: drop an account's mail */
	CTL_ACCOUNT_USAGE,	/* store */
	CTL_FSCK,		/* store, queue */
	CTL_LOGIN		/* auth: a password for one login */
};

struct msg_ctl {
	uint32_t	cookie;
	uint8_t		verb;		/* enum msg_ctl_verb */
	uint64_t	id;		/* message, 0: by the filters */
	uint32_t	older;		/* seconds, 0: any */
	const char	*sender;	/* filters: "" is any, may be @domain */
	const char	*rcpt;
	const char	*arg;
};

/* One row of the answer: ctlrow.h */
struct msg_ctl_row {
	uint32_t	cookie;
	struct msg_blob	row;
};

struct msg_ctl_end {
	uint32_t	cookie;
	uint8_t		ok;
	const char	*text;
};

struct msg_ctl_wait {
	uint32_t	cookie;
};

struct msg_ctl_more {
	uint32_t	cookie;
	uint8_t		stop;		/* nobody wants them any more */
};

struct msg_ctl_keygen {
	uint32_t	cookie;
	uint8_t		alg;		/* 0 rsa 2048, 1 ed25519 */
	const char	*domain;
	const char	*selector;
};

struct msg_ctl_keygen_r {
	uint32_t	cookie;
	uint8_t		ok;
	const char	*text;		/* the TXT record's value, or why not */
};

/* ---- the codec ----------------------------------------------------------- */

struct msg_row;			/* msg_table.h */

/* What the table says of a type; NULL: no such type. */
const struct msg_row *msg_row(uint32_t type);
const char	*msg_name(uint32_t type);
/* May `from' say this to `to'?  With a descriptor, without? */
int		 msg_allowed(uint32_t type, enum proc_id from, enum proc_id to);
int		 msg_fd_ok(uint32_t type, int has_fd);
/* Does any message go between the two, so that they need a socketpair? */
int		 msg_wired(enum proc_id, enum proc_id);

/*
 * Append the encoded struct to the ibuf; a NULL string is "".  -1: a field is
 * over its cap, which is the caller's fault and fatal to him, or ENOMEM.
 */
int		 msg_put(struct ibuf *, uint32_t type, const void *msg);
/* Bytes that msg_put will add; 0: it will refuse, and *field says why. */
size_t		 msg_length(uint32_t type, const void *msg, const char **field);
/* Decode the whole of data; -1: not exactly one well-formed message. */
int		 msg_get(const void *data, size_t len, uint32_t type,
		    void *msg);
/* Bytes of the struct of a type; 0: no such type. */
size_t		 msg_structsize(uint32_t type);
#define MSG_STRUCTMAX	512		/* no struct is larger */

#endif
