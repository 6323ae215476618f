/*
 * The table: for each message its fields with their caps, who may say it to
 * whom, and whether a descriptor comes with it.  Order of fields is their
 * order on the wire.  A new message needs its struct in msg.h, its fields and
 * its row here; the test under regress/maild-msg looks after the rest.
 */
#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "msg_table.h"

/* The kind of a field is the type of its member. */
#define KIND(s, m) _Generic(((struct msg_##s *)0)->m,			\
	uint8_t: FIELD_U8, uint16_t: FIELD_U16, uint32_t: FIELD_U32,	\
	uint64_t: FIELD_U64, int64_t: FIELD_I64,			\
	const char *: FIELD_STR, struct msg_blob: FIELD_BLOB,		\
	struct addr: FIELD_ADDR, struct msg_origin: FIELD_ORIGIN,	\
	uint64_t *: FIELD_KEYS)

/* S: a string or blob of at most cap bytes; N: a number up to max; F: any. */
#define S(s, m, cap)							\
	{ #m, (cap), offsetof(struct msg_##s, m), KIND(s, m) }
#define N(s, m, max)	S(s, m, max)
#define F(s, m)		S(s, m, FIELD_ANY)

#define MSG_ST		31	/* room for enum msg_st to grow */

static const struct msg_field f_peer[] = {
	N(peer, proc, PROC_MAX - 1),
	F(peer, inst),
	N(peer, sync, 1),
	F(peer, restarts),
};
static const struct msg_field f_conf[] = {
	F(conf, generation),
};
static const struct msg_field f_conf_table[] = {
	F(conf_table, generation),
	N(conf_table, table, 7),
};
static const struct msg_field f_conf_key[] = {
	F(conf_key, generation),
	N(conf_key, kind, 7),
	S(conf_key, name, MSG_DOMAIN),
	S(conf_key, selector, MSG_DOMAIN),
	S(conf_key, pubhash, 32),
};
static const struct msg_field f_conf_listen[] = {
	F(conf_listen, generation),
	F(conf_listen, listener),
};
static const struct msg_field f_conf_check[] = {
	F(conf_check, generation),
};
static const struct msg_field f_conf_check_r[] = {
	F(conf_check_r, generation),
	N(conf_check_r, ok, 1),
	S(conf_check_r, text, 2 * MSG_TEXT),
};
static const struct msg_field f_conf_swap[] = {
	F(conf_swap, generation),
	N(conf_swap, use, 1),
};
static const struct msg_field f_wired[] = {
	N(wired, dummy, 0),
};
static const struct msg_field f_ready[] = {
	F(ready, pid),
};
static const struct msg_field f_log[] = {
	N(log, prio, 7),
	S(log, line, MSG_LINE),
};
static const struct msg_field f_loglevel[] = {
	N(loglevel, verbose, 1),
};
static const struct msg_field f_stop[] = {
	N(stop, dummy, 0),
};
static const struct msg_field f_peer_gone[] = {
	N(peer_gone, proc, PROC_MAX - 1),
	F(peer_gone, inst),
};
static const struct msg_field f_peer_bad[] = {
	N(peer_bad, proc, PROC_MAX - 1),
	F(peer_bad, inst),
	F(peer_bad, restarts),
	S(peer_bad, text, MSG_TEXT),
};
static const struct msg_field f_connect[] = {
	F(connect, sid),
	F(connect, listener),
	F(connect, client),
};
static const struct msg_field f_connect_r[] = {
	F(connect_r, sid),
	F(connect_r, code),
	S(connect_r, text, MSG_TEXT),
	S(connect_r, rdns, MSG_DOMAIN),
};
static const struct msg_field f_disconnect[] = {
	F(disconnect, sid),
};
static const struct msg_field f_auth_start[] = {
	F(auth_start, sid),
	N(auth_start, mech, MECH_SCRAM256_PLUS),
	N(auth_start, service, SERVICE_SIEVE),
	N(auth_start, tls, 1),
	F(auth_start, client),
	S(auth_start, binding, MSG_BINDING),
	N(auth_start, has_initial, 1),
	S(auth_start, initial, MSG_SASL),
};
static const struct msg_field f_auth_cont[] = {
	F(auth_cont, sid),
	S(auth_cont, data, MSG_SASL),
};
static const struct msg_field f_auth_challenge[] = {
	F(auth_challenge, sid),
	S(auth_challenge, data, MSG_SASL),
};
static const struct msg_field f_auth_r[] = {
	F(auth_r, sid),
	N(auth_r, result, AUTH_DELAY),
	S(auth_r, account, MSG_ADDRESS),
	S(auth_r, text, MSG_TEXT),
	S(auth_r, final, MSG_SASL),
};
static const struct msg_field f_auth_abort[] = {
	F(auth_abort, sid),
};
static const struct msg_field f_grant[] = {
	F(grant, origin),
	S(grant, account, MSG_ADDRESS),
	F(grant, quota_bytes),
	F(grant, quota_messages),
};
static const struct msg_field f_granted[] = {
	F(granted, sid),
	N(granted, ok, 1),
	S(granted, text, MSG_TEXT),
};
static const struct msg_field f_session_end[] = {
	F(session_end, sid),
};
static const struct msg_field f_env_from[] = {
	F(env_from, sid),
	F(env_from, txn),
	F(env_from, flags),
	F(env_from, listener),
	F(env_from, size),
	F(env_from, uid),
	F(env_from, client),
	S(env_from, sender, MSG_ADDRESS),
	S(env_from, helo, MSG_DOMAIN),
	S(env_from, rdns, MSG_DOMAIN),
	S(env_from, envid, MSG_ENVID),
};
static const struct msg_field f_env_rcpt[] = {
	F(env_rcpt, sid),
	F(env_rcpt, txn),
	F(env_rcpt, n),
	N(env_rcpt, notify, 15),
	S(env_rcpt, rcpt, MSG_ADDRESS),
	S(env_rcpt, orcpt, MSG_ORCPT),
};
static const struct msg_field f_env_rcpt_r[] = {
	F(env_rcpt_r, sid),
	F(env_rcpt_r, txn),
	F(env_rcpt_r, n),
	F(env_rcpt_r, id),
	F(env_rcpt_r, code),
	S(env_rcpt_r, enhanced, MSG_ENHANCED),
	S(env_rcpt_r, text, MSG_TEXT),
};
static const struct msg_field f_env_spill[] = {
	F(env_spill, sid),
	F(env_spill, txn),
};
static const struct msg_field f_env_spill_r[] = {
	F(env_spill_r, sid),
	F(env_spill_r, txn),
	N(env_spill_r, ok, 1),
};
static const struct msg_field f_env_commit[] = {
	F(env_commit, sid),
	F(env_commit, txn),
	F(env_commit, size),
};
static const struct msg_field f_env_commit_r[] = {
	F(env_commit_r, sid),
	F(env_commit_r, txn),
	F(env_commit_r, n),
	F(env_commit_r, id),
	F(env_commit_r, code),
	S(env_commit_r, enhanced, MSG_ENHANCED),
	S(env_commit_r, text, MSG_TEXT),
};
static const struct msg_field f_env_abort[] = {
	F(env_abort, sid),
	F(env_abort, txn),
};
static const struct msg_field f_append_open[] = {
	F(append_open, sid),
	F(append_open, txn),
	F(append_open, n),
	F(append_open, size),
};
static const struct msg_field f_append_open_r[] = {
	F(append_open_r, sid),
	F(append_open_r, txn),
	F(append_open_r, n),
	N(append_open_r, code, MSG_ST),
};
static const struct msg_field f_append_msg[] = {
	F(append_msg, sid),
	F(append_msg, txn),
	F(append_msg, n),
	F(append_msg, size),
	F(append_msg, flags),
	F(append_msg, date),
	F(append_msg, zone),
	S(append_msg, keywords, MSG_KEYWORDS),
};
static const struct msg_field f_append_commit[] = {
	F(append_commit, sid),
	F(append_commit, txn),
	F(append_commit, count),
	S(append_commit, mailbox, MSG_MAILBOX),
	F(append_commit, oldmbox),
	F(append_commit, olduid),
};
static const struct msg_field f_append_r[] = {
	F(append_r, sid),
	F(append_r, txn),
	N(append_r, code, MSG_ST),
	F(append_r, uidvalidity),
	F(append_r, first),
	F(append_r, last),
	S(append_r, text, MSG_TEXT),
};
static const struct msg_field f_append_abort[] = {
	F(append_abort, sid),
	F(append_abort, txn),
};
static const struct msg_field f_expand[] = {
	F(expand, cookie),
	F(expand, flags),
	F(expand, uid),
	F(expand, client),
	F(expand, listener),
	S(expand, account, MSG_ADDRESS),
	S(expand, sender, MSG_ADDRESS),
	S(expand, rcpt, MSG_ADDRESS),
};
static const struct msg_field f_expand_dst[] = {
	F(expand_dst, cookie),
	N(expand_dst, kind, DST_DISCARD),
	S(expand_dst, address, MSG_ADDRESS),
	S(expand_dst, mailbox, MSG_MAILBOX),
	F(expand_dst, quota_bytes),
	F(expand_dst, quota_messages),
};
static const struct msg_field f_expand_r[] = {
	F(expand_r, cookie),
	F(expand_r, code),
	S(expand_r, enhanced, MSG_ENHANCED),
	S(expand_r, text, MSG_TEXT),
	N(expand_r, own_sender, 1),
	N(expand_r, trusted, 1),
	S(expand_r, alias, MSG_ADDRESS),
};
static const struct msg_field f_scan[] = {
	F(scan, cookie),
	F(scan, size),
	F(scan, flags),
	F(scan, now),
	F(scan, id),
	S(scan, sender, MSG_ADDRESS),
	S(scan, domain, MSG_DOMAIN),
	S(scan, hostname, MSG_DOMAIN),
};
static const struct msg_field f_scan_r[] = {
	F(scan_r, cookie),
	N(scan_r, status, SCAN_REFUSE),
	F(scan_r, code),
	S(scan_r, text, MSG_TEXT),
	F(scan_r, received),
	S(scan_r, prefix, MSG_PREFIX),
	S(scan_r, relay_prefix, MSG_PREFIX),
	S(scan_r, meta, MSG_BLOB),
	F(scan_r, threadkeys),
	S(scan_r, dkim_selector1, MSG_DOMAIN),
	S(scan_r, dkim_header1, MSG_DKIM),
	S(scan_r, dkim_digest1, 32),
	S(scan_r, dkim_selector2, MSG_DOMAIN),
	S(scan_r, dkim_header2, MSG_DKIM),
	S(scan_r, dkim_digest2, 32),
	S(scan_r, dkim_domain, MSG_DOMAIN),
};
static const struct msg_field f_dkim_sign[] = {
	F(dkim_sign, cookie),
	N(dkim_sign, n, 2),
	S(dkim_sign, domain, MSG_DOMAIN),
	S(dkim_sign, selector, MSG_DOMAIN),
	S(dkim_sign, digest, 32),
};
static const struct msg_field f_dkim_sign_r[] = {
	F(dkim_sign_r, cookie),
	N(dkim_sign_r, n, 2),
	N(dkim_sign_r, ok, 1),
	S(dkim_sign_r, signature, MSG_SIGN),
};
static const struct msg_field f_deliver_to[] = {
	F(deliver_to, cookie),
	F(deliver_to, n),
	S(deliver_to, account, MSG_ADDRESS),
	S(deliver_to, mailbox, MSG_MAILBOX),
	F(deliver_to, quota_bytes),
	F(deliver_to, quota_messages),
};
static const struct msg_field f_deliver[] = {
	F(deliver, cookie),
	F(deliver, id),
	N(deliver, dedupe, 1),
	F(deliver, count),
	F(deliver, date),
	F(deliver, size),
	S(deliver, prefix, MSG_PREFIX),
	S(deliver, meta, MSG_BLOB),
	F(deliver, threadkeys),
};
static const struct msg_field f_deliver_meta[] = {
	F(deliver_meta, cookie),
	F(deliver_meta, n),
	F(deliver_meta, size),
};
static const struct msg_field f_deliver_r[] = {
	F(deliver_r, cookie),
	F(deliver_r, n),
	N(deliver_r, code, MSG_ST),
	S(deliver_r, mailbox, MSG_MAILBOX),
	F(deliver_r, uid),
};
static const struct msg_field f_store_append_msg[] = {
	F(store_append_msg, cookie),
	F(store_append_msg, n),
	F(store_append_msg, size),
	F(store_append_msg, flags),
	F(store_append_msg, date),
	F(store_append_msg, zone),
	S(store_append_msg, keywords, MSG_KEYWORDS),
	S(store_append_msg, meta, MSG_BLOB),
	F(store_append_msg, threadkeys),
};
static const struct msg_field f_store_append[] = {
	F(store_append, cookie),
	F(store_append, origin),
	F(store_append, count),
	S(store_append, mailbox, MSG_MAILBOX),
	F(store_append, oldmbox),
	F(store_append, olduid),
};
static const struct msg_field f_store_append_r[] = {
	F(store_append_r, cookie),
	N(store_append_r, code, MSG_ST),
	F(store_append_r, uidvalidity),
	F(store_append_r, first),
	F(store_append_r, last),
	S(store_append_r, text, MSG_TEXT),
};
static const struct msg_field f_room[] = {
	F(room, cookie),
	S(room, account, MSG_ADDRESS),
	F(room, quota_bytes),
	F(room, quota_messages),
};
static const struct msg_field f_room_r[] = {
	F(room_r, cookie),
	F(room_r, bytes),
	F(room_r, messages),
};
static const struct msg_field f_store_full[] = {
	N(store_full, full, 1),
};
static const struct msg_field f_relay_rcpt[] = {
	F(relay_rcpt, id),
	F(relay_rcpt, n),
	N(relay_rcpt, notify, 15),
	S(relay_rcpt, rcpt, MSG_ADDRESS),
	S(relay_rcpt, orcpt, MSG_ORCPT),
};
static const struct msg_field f_relay[] = {
	F(relay, id),
	F(relay, count),
	F(relay, flags),
	F(relay, size),
	S(relay, domain, MSG_DOMAIN),
	S(relay, sender, MSG_ADDRESS),
	S(relay, envid, MSG_ENVID),
	S(relay, prefix, MSG_RELAY_PREFIX),
};
static const struct msg_field f_relay_rcpt_r[] = {
	F(relay_rcpt_r, id),
	F(relay_rcpt_r, n),
	N(relay_rcpt_r, result, RELAY_PERM),
	F(relay_rcpt_r, code),
	N(relay_rcpt_r, dsn, 1),
	S(relay_rcpt_r, enhanced, MSG_ENHANCED),
	S(relay_rcpt_r, text, MSG_TEXT),
	S(relay_rcpt_r, host, MSG_DOMAIN),
};
static const struct msg_field f_relay_r[] = {
	F(relay_r, id),
};
static const struct msg_field f_relay_window[] = {
	F(relay_window, messages),
};
static const struct msg_field f_mx[] = {
	F(mx, cookie),
	N(mx, host_only, 1),
	S(mx, name, MSG_DOMAIN),
};
static const struct msg_field f_mx_host[] = {
	F(mx_host, cookie),
	F(mx_host, preference),
	N(mx_host, secure, 1),
	S(mx_host, host, MSG_DOMAIN),
	F(mx_host, addr),
};
static const struct msg_field f_mx_r[] = {
	F(mx_r, cookie),
	N(mx_r, status, MX_TEMP),
	N(mx_r, secure, 1),
	S(mx_r, text, MSG_TEXT),
};
static const struct msg_field f_ptr[] = {
	F(ptr, cookie),
	F(ptr, addr),
};
static const struct msg_field f_ptr_r[] = {
	F(ptr_r, cookie),
	S(ptr_r, name, MSG_DOMAIN),
};
static const struct msg_field f_st_list[] = {
	F(st_list, sid),
	F(st_list, req),
	F(st_list, flags),
};
static const struct msg_field f_st_list_r[] = {
	F(st_list_r, sid),
	F(st_list_r, req),
	N(st_list_r, code, MSG_ST),
	F(st_list_r, size),
	S(st_list_r, rows, MSG_BLOB),
};
static const struct msg_field f_st_mailbox[] = {
	F(st_mailbox, sid),
	F(st_mailbox, req),
	N(st_mailbox, op, ST_UNSUBSCRIBE),
	F(st_mailbox, use),
	S(st_mailbox, name, MSG_MAILBOX),
	S(st_mailbox, newname, MSG_MAILBOX),
};
static const struct msg_field f_st_status[] = {
	F(st_status, sid),
	F(st_status, req),
	S(st_status, name, MSG_MAILBOX),
};
static const struct msg_field f_st_status_r[] = {
	F(st_status_r, sid),
	F(st_status_r, req),
	N(st_status_r, code, MSG_ST),
	F(st_status_r, mbox),
	F(st_status_r, uidvalidity),
	F(st_status_r, uidnext),
	F(st_status_r, exists),
	F(st_status_r, unseen),
	F(st_status_r, deleted),
	F(st_status_r, recent),
	F(st_status_r, highestmodseq),
	F(st_status_r, size),
	F(st_status_r, deleted_size),
};
static const struct msg_field f_st_select[] = {
	F(st_select, sid),
	F(st_select, req),
	N(st_select, flags, ST_SELECT_READONLY),
	S(st_select, name, MSG_MAILBOX),
};
static const struct msg_field f_st_select_r[] = {
	F(st_select_r, sid),
	F(st_select_r, req),
	N(st_select_r, code, MSG_ST),
	N(st_select_r, readonly, 1),
	F(st_select_r, rights),
	F(st_select_r, reader),
	F(st_select_r, mbox),
	F(st_select_r, uidvalidity),
	F(st_select_r, uidnext),
	F(st_select_r, exists),
	F(st_select_r, recent_first),
	F(st_select_r, recent),
	F(st_select_r, first_unseen),
	F(st_select_r, highestmodseq),
	F(st_select_r, floor),
	S(st_select_r, keywords, MSG_KEYWORDS),
	S(st_select_r, text, MSG_TEXT),
};
static const struct msg_field f_st_unselect[] = {
	F(st_unselect, sid),
	F(st_unselect, mbox),
};
static const struct msg_field f_st_uids[] = {
	F(st_uids, sid),
	F(st_uids, req),
	F(st_uids, mbox),
};
static const struct msg_field f_st_uids_r[] = {
	F(st_uids_r, sid),
	F(st_uids_r, req),
	N(st_uids_r, code, MSG_ST),
	F(st_uids_r, mbox),
	F(st_uids_r, modseq),
	F(st_uids_r, uidnext),
	F(st_uids_r, size),
	S(st_uids_r, uids, MSG_BLOB),
};
static const struct msg_field f_st_sync[] = {
	F(st_sync, sid),
	F(st_sync, req),
	F(st_sync, mbox),
	F(st_sync, since),
};
static const struct msg_field f_st_sync_r[] = {
	F(st_sync_r, sid),
	F(st_sync_r, req),
	N(st_sync_r, code, MSG_ST),
	F(st_sync_r, mbox),
	F(st_sync_r, modseq),
	F(st_sync_r, uidnext),
	F(st_sync_r, exists),
	F(st_sync_r, size),
	S(st_sync_r, keywords, MSG_KEYWORDS),
	S(st_sync_r, rows, MSG_BLOB),
};
static const struct msg_field f_st_changed[] = {
	F(st_changed, mbox),
	F(st_changed, modseq),
	F(st_changed, uidnext),
	F(st_changed, exists),
	N(st_changed, deleted, 1),
	F(st_changed, recent_sid),
};
static const struct msg_field f_st_fetch[] = {
	F(st_fetch, sid),
	F(st_fetch, req),
	F(st_fetch, mbox),
	F(st_fetch, columns),
	F(st_fetch, offset),
	F(st_fetch, length),
	F(st_fetch, next_off),
	F(st_fetch, budget),
	S(st_fetch, uids, MSG_BLOB),
};
static const struct msg_field f_st_fetch_r[] = {
	F(st_fetch_r, sid),
	F(st_fetch_r, req),
	N(st_fetch_r, code, MSG_ST),
	F(st_fetch_r, next),
	F(st_fetch_r, next_off),
	F(st_fetch_r, size),
	S(st_fetch_r, rows, MSG_BLOB),
};
static const struct msg_field f_st_flags[] = {
	F(st_flags, sid),
	F(st_flags, req),
	F(st_flags, mbox),
	N(st_flags, op, ST_FLAGS_SET),
	F(st_flags, flags),
	S(st_flags, keywords, MSG_KEYWORDS),
	F(st_flags, unchangedsince),
	S(st_flags, uids, MSG_BLOB),
};
static const struct msg_field f_st_flags_r[] = {
	F(st_flags_r, sid),
	F(st_flags_r, req),
	N(st_flags_r, code, MSG_ST),
	N(st_flags_r, changed, 1),
	F(st_flags_r, modseq),
	S(st_flags_r, text, MSG_TEXT),
	S(st_flags_r, failed, MSG_BLOB),
};
static const struct msg_field f_st_expunge[] = {
	F(st_expunge, sid),
	F(st_expunge, req),
	F(st_expunge, mbox),
	S(st_expunge, uids, MSG_BLOB),
};
static const struct msg_field f_st_copy[] = {
	F(st_copy, sid),
	F(st_copy, req),
	F(st_copy, mbox),
	N(st_copy, move, 1),
	N(st_copy, more, 1),
	S(st_copy, name, MSG_MAILBOX),
	S(st_copy, uids, MSG_BLOB),
};
static const struct msg_field f_st_copy_r[] = {
	F(st_copy_r, sid),
	F(st_copy_r, req),
	N(st_copy_r, code, MSG_ST),
	F(st_copy_r, uidvalidity),
	F(st_copy_r, modseq),
	S(st_copy_r, text, MSG_TEXT),
	F(st_copy_r, count),
	F(st_copy_r, first),
	S(st_copy_r, from, MSG_BLOB),
};
static const struct msg_field f_st_quota[] = {
	F(st_quota, sid),
	F(st_quota, req),
};
static const struct msg_field f_st_quota_r[] = {
	F(st_quota_r, sid),
	F(st_quota_r, req),
	F(st_quota_r, bytes),
	F(st_quota_r, bytes_limit),
	F(st_quota_r, messages),
	F(st_quota_r, messages_limit),
};
static const struct msg_field f_st_props[] = {
	F(st_props, sid),
	F(st_props, req),
	N(st_props, all, 1),
	S(st_props, name, MSG_MAILBOX),
};
static const struct msg_field f_st_props_r[] = {
	F(st_props_r, sid),
	F(st_props_r, req),
	F(st_props_r, size),
	S(st_props_r, rows, MSG_BLOB),
};
static const struct msg_field f_st_setprops[] = {
	F(st_setprops, sid),
	F(st_setprops, req),
	S(st_setprops, name, MSG_MAILBOX),
	S(st_setprops, rows, MSG_BLOB),
};
static const struct msg_field f_st_acl[] = {
	F(st_acl, sid),
	F(st_acl, req),
	N(st_acl, op, ST_ACL_MINE),
	F(st_acl, rights),
	S(st_acl, name, MSG_MAILBOX),
	S(st_acl, identifier, MSG_IDENT),
};
static const struct msg_field f_st_acl_r[] = {
	F(st_acl_r, sid),
	F(st_acl_r, req),
	F(st_acl_r, rights),
	F(st_acl_r, size),
	S(st_acl_r, rows, MSG_BLOB),
};
static const struct msg_field f_st_url[] = {
	F(st_url, sid),
	F(st_url, req),
	F(st_url, columns),
	F(st_url, offset),
	F(st_url, length),
	F(st_url, budget),
	S(st_url, url, MSG_URL),
};
static const struct msg_field f_st_urlkey[] = {
	F(st_urlkey, sid),
	F(st_urlkey, req),
	N(st_urlkey, op, ST_URL_RESET),
	S(st_urlkey, text, MSG_URL),
};
static const struct msg_field f_st_notify[] = {
	F(st_notify, sid),
	N(st_notify, on, 1),
};
static const struct msg_field f_st_event[] = {
	F(st_event, sid),
	N(st_event, kind, ST_EV_METADATA),
	N(st_event, bits, ST_EV_NEW | ST_EV_EXPUNGE | ST_EV_FLAGS),
	N(st_event, subscribed, 1),
	N(st_event, children, 1),
	F(st_event, mbox),
	F(st_event, uidvalidity),
	F(st_event, uidnext),
	F(st_event, exists),
	F(st_event, unseen),
	F(st_event, highestmodseq),
	S(st_event, name, MSG_MAILBOX),
	S(st_event, other, MSG_MAILBOX),
};
static const struct msg_field f_st_r[] = {
	F(st_r, sid),
	F(st_r, req),
	N(st_r, code, MSG_ST),
	F(st_r, mbox),
	F(st_r, modseq),
	S(st_r, text, MSG_TEXT),
};
static const struct msg_field f_tls_sign[] = {
	F(tls_sign, cookie),
	N(tls_sign, op, SIGN_ECDSA),
	S(tls_sign, key, 32),
	S(tls_sign, input, MSG_SIGN),
};
static const struct msg_field f_tls_sign_r[] = {
	F(tls_sign_r, cookie),
	N(tls_sign_r, ok, 1),
	S(tls_sign_r, output, MSG_SIGN),
};
static const struct msg_field f_ctl[] = {
	F(ctl, cookie),
	N(ctl, verb, 63),
	F(ctl, id),
	F(ctl, older),
	S(ctl, sender, MSG_ADDRESS),
	S(ctl, rcpt, MSG_ADDRESS),
	S(ctl, arg, MSG_MAILBOX),
};
static const struct msg_field f_ctl_row[] = {
	F(ctl_row, cookie),
	S(ctl_row, row, MSG_BLOB),
};
static const struct msg_field f_ctl_end[] = {
	F(ctl_end, cookie),
	N(ctl_end, ok, 1),
	S(ctl_end, text, 2 * MSG_TEXT),
};
static const struct msg_field f_ctl_wait[] = {
	F(ctl_wait, cookie),
};
static const struct msg_field f_ctl_more[] = {
	F(ctl_more, cookie),
	N(ctl_more, stop, 1),
};
static const struct msg_field f_ctl_keygen[] = {
	F(ctl_keygen, cookie),
	N(ctl_keygen, alg, 1),
	S(ctl_keygen, domain, MSG_DOMAIN),
	S(ctl_keygen, selector, MSG_DOMAIN),
};
static const struct msg_field f_ctl_keygen_r[] = {
	F(ctl_keygen_r, cookie),
	N(ctl_keygen_r, ok, 1),
	S(ctl_keygen_r, text, 2 * MSG_TEXT),
};

#define P(p)		(1U << PROC_##p)
#define KIDS		(KIDS_BUT_CONTROL | P(CONTROL))
#define KIDS_BUT_CONTROL						\
	(P(SMTP) | P(RELAY) | P(IMAP) | P(QUEUE) | P(STORE) |		\
	P(LOOKUP) | P(AUTH) | P(CRYPTO) | P(SCAN))

#define FROM_KIDS_BUT_CONTROL(to)					\
	[PROC_SMTP] = (to), [PROC_RELAY] = (to), [PROC_IMAP] = (to),	\
	[PROC_QUEUE] = (to), [PROC_STORE] = (to), [PROC_LOOKUP] = (to),	\
	[PROC_AUTH] = (to), [PROC_CRYPTO] = (to), [PROC_SCAN] = (to)
#define FROM_KIDS(to)							\
	[PROC_CONTROL] = (to), FROM_KIDS_BUT_CONTROL(to)
/* Those whom workers speak to. */
#define FROM_JUDGES(to)							\
	[PROC_CONTROL] = (to), [PROC_QUEUE] = (to),			\
	[PROC_STORE] = (to), [PROC_LOOKUP] = (to),			\
	[PROC_AUTH] = (to), [PROC_CRYPTO] = (to)
#define FROM_ALL_BUT_CONTROL(to)					\
	[PROC_PARENT] = (to), FROM_KIDS_BUT_CONTROL(to)

/* After the descriptor, by sender: to whom it may go. */
#define ROW(t, s, d, ...)						\
	[M_##t] = { .name = #t, .fields = f_##s,			\
	.nfields = sizeof(f_##s) / sizeof(f_##s[0]),			\
	.size = sizeof(struct msg_##s), .fd = (d), .to = { __VA_ARGS__ } }

const struct msg_row msg_table[M_MAX] = {
	ROW(PEER, peer, FD_MUST, [PROC_PARENT] = KIDS),
	ROW(CONF, conf, FD_MUST, [PROC_PARENT] = KIDS),
	ROW(CONF_TABLE, conf_table, FD_MUST, [PROC_PARENT] = KIDS),
	ROW(CONF_KEY, conf_key, FD_MUST, [PROC_PARENT] = P(CRYPTO)),
	ROW(CONF_LISTEN, conf_listen, FD_MUST,
	    [PROC_PARENT] = P(CONTROL) | P(SMTP) | P(IMAP)),
	ROW(CONF_CHECK, conf_check, FD_NONE, [PROC_PARENT] = KIDS),
	ROW(CONF_CHECK_R, conf_check_r, FD_NONE, FROM_KIDS(P(PARENT))),
	ROW(CONF_SWAP, conf_swap, FD_NONE, [PROC_PARENT] = KIDS),
	ROW(WIRED, wired, FD_NONE, [PROC_PARENT] = KIDS),
	ROW(READY, ready, FD_NONE, FROM_KIDS(P(PARENT))),
	ROW(LOG, log, FD_NONE, FROM_KIDS(P(PARENT))),
	ROW(LOGLEVEL, loglevel, FD_NONE, [PROC_PARENT] = KIDS),
	ROW(STOP, stop, FD_NONE, [PROC_PARENT] = KIDS),
	ROW(PEER_GONE, peer_gone, FD_NONE, [PROC_PARENT] = KIDS),
	ROW(PEER_BAD, peer_bad, FD_NONE, FROM_JUDGES(P(PARENT))),
	ROW(CONNECT, connect, FD_NONE, [PROC_SMTP] = P(LOOKUP),
	    [PROC_IMAP] = P(LOOKUP)),
	ROW(CONNECT_R, connect_r, FD_NONE,
	    [PROC_LOOKUP] = P(SMTP) | P(IMAP)),
	ROW(DISCONNECT, disconnect, FD_NONE, [PROC_SMTP] = P(LOOKUP),
	    [PROC_IMAP] = P(LOOKUP)),
	ROW(AUTH_START, auth_start, FD_NONE, [PROC_SMTP] = P(AUTH),
	    [PROC_IMAP] = P(AUTH)),
	ROW(AUTH_CONT, auth_cont, FD_NONE, [PROC_SMTP] = P(AUTH),
	    [PROC_IMAP] = P(AUTH)),
	ROW(AUTH_CHALLENGE, auth_challenge, FD_NONE,
	    [PROC_AUTH] = P(SMTP) | P(IMAP)),
	ROW(AUTH_R, auth_r, FD_NONE, [PROC_AUTH] = P(SMTP) | P(IMAP)),
	ROW(AUTH_ABORT, auth_abort, FD_NONE, [PROC_SMTP] = P(AUTH),
	    [PROC_IMAP] = P(AUTH)),
	ROW(GRANT, grant, FD_NONE, [PROC_AUTH] = P(QUEUE) | P(STORE)),
	ROW(GRANTED, granted, FD_NONE, [PROC_QUEUE] = P(SMTP),
	    [PROC_STORE] = P(IMAP)),
	ROW(SESSION_END, session_end, FD_NONE,
	    [PROC_SMTP] = P(QUEUE) | P(AUTH),
	    [PROC_IMAP] = P(QUEUE) | P(STORE) | P(AUTH)),
	ROW(ENV_FROM, env_from, FD_NONE, [PROC_SMTP] = P(QUEUE)),
	ROW(ENV_RCPT, env_rcpt, FD_NONE, [PROC_SMTP] = P(QUEUE)),
	ROW(ENV_RCPT_R, env_rcpt_r, FD_MAY, [PROC_QUEUE] = P(SMTP)),
	ROW(ENV_SPILL, env_spill, FD_NONE, [PROC_SMTP] = P(QUEUE)),
	ROW(ENV_SPILL_R, env_spill_r, FD_MAY, [PROC_QUEUE] = P(SMTP)),
	ROW(ENV_COMMIT, env_commit, FD_NONE, [PROC_SMTP] = P(QUEUE)),
	ROW(ENV_COMMIT_R, env_commit_r, FD_NONE, [PROC_QUEUE] = P(SMTP)),
	ROW(ENV_ABORT, env_abort, FD_NONE, [PROC_SMTP] = P(QUEUE)),
	ROW(APPEND_OPEN, append_open, FD_NONE, [PROC_IMAP] = P(QUEUE)),
	ROW(APPEND_OPEN_R, append_open_r, FD_MAY, [PROC_QUEUE] = P(IMAP)),
	ROW(APPEND_MSG, append_msg, FD_MAY, [PROC_IMAP] = P(QUEUE)),
	ROW(APPEND_COMMIT, append_commit, FD_NONE, [PROC_IMAP] = P(QUEUE)),
	ROW(APPEND_R, append_r, FD_NONE, [PROC_QUEUE] = P(IMAP)),
	ROW(APPEND_ABORT, append_abort, FD_NONE, [PROC_IMAP] = P(QUEUE)),
	ROW(EXPAND, expand, FD_NONE, [PROC_QUEUE] = P(LOOKUP)),
	ROW(EXPAND_DST, expand_dst, FD_NONE, [PROC_LOOKUP] = P(QUEUE)),
	ROW(EXPAND_R, expand_r, FD_NONE, [PROC_LOOKUP] = P(QUEUE)),
	ROW(SCAN, scan, FD_MUST, [PROC_QUEUE] = P(SCAN)),
	ROW(SCAN_R, scan_r, FD_MAY, [PROC_SCAN] = P(QUEUE)),
	ROW(DKIM_SIGN, dkim_sign, FD_NONE, [PROC_QUEUE] = P(CRYPTO)),
	ROW(DKIM_SIGN_R, dkim_sign_r, FD_NONE, [PROC_CRYPTO] = P(QUEUE)),
	ROW(DELIVER_TO, deliver_to, FD_NONE, [PROC_QUEUE] = P(STORE)),
	ROW(DELIVER, deliver, FD_MUST, [PROC_QUEUE] = P(STORE)),
	ROW(DELIVER_META, deliver_meta, FD_MUST, [PROC_QUEUE] = P(STORE)),
	ROW(DELIVER_R, deliver_r, FD_NONE, [PROC_STORE] = P(QUEUE)),
	ROW(STORE_APPEND_MSG, store_append_msg, FD_MUST,
	    [PROC_QUEUE] = P(STORE)),
	ROW(STORE_APPEND, store_append, FD_NONE, [PROC_QUEUE] = P(STORE)),
	ROW(STORE_APPEND_R, store_append_r, FD_NONE, [PROC_STORE] = P(QUEUE)),
	ROW(ROOM, room, FD_NONE, [PROC_QUEUE] = P(STORE)),
	ROW(ROOM_R, room_r, FD_NONE, [PROC_STORE] = P(QUEUE)),
	ROW(STORE_FULL, store_full, FD_NONE, [PROC_STORE] = P(QUEUE)),
	ROW(RELAY_RCPT, relay_rcpt, FD_NONE, [PROC_QUEUE] = P(RELAY)),
	ROW(RELAY, relay, FD_MUST, [PROC_QUEUE] = P(RELAY)),
	ROW(RELAY_RCPT_R, relay_rcpt_r, FD_NONE, [PROC_RELAY] = P(QUEUE)),
	ROW(RELAY_R, relay_r, FD_NONE, [PROC_RELAY] = P(QUEUE)),
	ROW(RELAY_WINDOW, relay_window, FD_NONE, [PROC_RELAY] = P(QUEUE)),
	ROW(MX, mx, FD_NONE, [PROC_RELAY] = P(LOOKUP)),
	ROW(MX_HOST, mx_host, FD_NONE, [PROC_LOOKUP] = P(RELAY)),
	ROW(MX_R, mx_r, FD_NONE, [PROC_LOOKUP] = P(RELAY)),
	ROW(PTR, ptr, FD_NONE, [PROC_SMTP] = P(LOOKUP),
	    [PROC_RELAY] = P(LOOKUP)),
	ROW(PTR_R, ptr_r, FD_NONE, [PROC_LOOKUP] = P(SMTP) | P(RELAY)),
	ROW(ST_LIST, st_list, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_LIST_R, st_list_r, FD_MAY, [PROC_STORE] = P(IMAP)),
	ROW(ST_MAILBOX, st_mailbox, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_STATUS, st_status, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_STATUS_R, st_status_r, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(ST_SELECT, st_select, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_SELECT_R, st_select_r, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(ST_UNSELECT, st_unselect, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_UIDS, st_uids, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_UIDS_R, st_uids_r, FD_MAY, [PROC_STORE] = P(IMAP)),
	ROW(ST_SYNC, st_sync, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_SYNC_R, st_sync_r, FD_MAY, [PROC_STORE] = P(IMAP)),
	ROW(ST_CHANGED, st_changed, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(ST_FETCH, st_fetch, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_FETCH_R, st_fetch_r, FD_MAY, [PROC_STORE] = P(IMAP)),
	ROW(ST_FLAGS, st_flags, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_FLAGS_R, st_flags_r, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(ST_EXPUNGE, st_expunge, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_COPY, st_copy, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_COPY_R, st_copy_r, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(ST_QUOTA, st_quota, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_QUOTA_R, st_quota_r, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(ST_PROPS, st_props, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_PROPS_R, st_props_r, FD_MAY, [PROC_STORE] = P(IMAP)),
	ROW(ST_SETPROPS, st_setprops, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_ACL, st_acl, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_ACL_R, st_acl_r, FD_MAY, [PROC_STORE] = P(IMAP)),
	ROW(ST_URL, st_url, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_URLKEY, st_urlkey, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_NOTIFY, st_notify, FD_NONE, [PROC_IMAP] = P(STORE)),
	ROW(ST_EVENT, st_event, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(ST_R, st_r, FD_NONE, [PROC_STORE] = P(IMAP)),
	ROW(TLS_SIGN, tls_sign, FD_NONE, [PROC_SMTP] = P(CRYPTO),
	    [PROC_RELAY] = P(CRYPTO), [PROC_IMAP] = P(CRYPTO)),
	ROW(TLS_SIGN_R, tls_sign_r, FD_NONE,
	    [PROC_CRYPTO] = P(SMTP) | P(RELAY) | P(IMAP)),
	ROW(CTL, ctl, FD_NONE, [PROC_CONTROL] = KIDS_BUT_CONTROL | P(PARENT)),
	ROW(CTL_ROW, ctl_row, FD_NONE, FROM_ALL_BUT_CONTROL(P(CONTROL))),
	ROW(CTL_END, ctl_end, FD_NONE, FROM_ALL_BUT_CONTROL(P(CONTROL))),
	ROW(CTL_WAIT, ctl_wait, FD_NONE, [PROC_QUEUE] = P(CONTROL)),
	ROW(CTL_MORE, ctl_more, FD_NONE, [PROC_CONTROL] = P(QUEUE)),
	ROW(CTL_KEYGEN, ctl_keygen, FD_MUST, [PROC_PARENT] = P(CRYPTO)),
	ROW(CTL_KEYGEN_R, ctl_keygen_r, FD_NONE, [PROC_CRYPTO] = P(PARENT)),
};
