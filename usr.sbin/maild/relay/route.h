/*
 * A route: where the messages of one domain (or all that go to one smarthost)
 * wait, the addresses that may be tried, the connections that are there.
 */
#ifndef RELAY_ROUTE_H
#define RELAY_ROUTE_H

#include <sys/queue.h>

#include "conf.h"
#include "rmsg.h"

#define ROUTE_TARGETS	96

struct rsession;

/* An address that may be tried; the most preferred first. */
struct rtarget {
	struct addr	 addr;
	uint16_t	 preference;
	uint8_t		 secure;
	char		 host[256];
};

enum route_state { ROUTE_UNKNOWN, ROUTE_RESOLVING, ROUTE_KNOWN };

struct route {
	TAILQ_ENTRY(route)	 dirty_entry;
	struct rmsg_list	 waiting;
	size_t			 nwaiting;
	LIST_HEAD(, rsession)	 sessions;
	unsigned		 nsessions;
	struct rtarget		*targets;
	size_t			 ntargets;
	enum route_state	 state;
	uint64_t		 resolved;	/* when, milliseconds */
	uint64_t		 cookie;	/* of the question to lookup */
	uint8_t			 dirty;		/* needs a look this turn */
	/* Fewer connections than configured, as the other side asked. */
	unsigned		 limit;		/* 0: as configured */
	uint64_t		 limit_until;
	/* From the configuration, as of when it was last looked at. */
	uint32_t		 generation;
	char			*host;		/* smarthost, or NULL: by MX */
	uint16_t		 port;
	uint8_t			 implicit_tls;
	uint8_t			 require_tls;
	char			*user;
	char			*password;
	char			*ca;		/* PEM, or NULL: the system's */
	char			 key[];
};

void		 route_init(void);
/* In force from now on; it must live until the next one. */
void		 route_conf(const struct conf *);
const struct conf *route_conf_get(void);
/* A message that wants to go out. */
void		 route_add(struct rmsg *);
void		 route_mx_host(const struct msg_mx_host *);
void		 route_mx_done(const struct msg_mx_r *);
void		 route_lookup_gone(void);
/* Open connections, give them work; once a turn. */
void		 route_turn(void);
/* queue is gone: close all connections, drop all messages. */
void		 route_drop_all(void);
/* We stop: what no session has begun with stays with queue. */
void		 route_drop_waiting(void);
/* Call back for each session. */
void		 route_each(void (*)(struct rsession *, void *), void *);
size_t		 route_sessions(void);

/* For rsession.c. */
struct rmsg	*route_next(struct route *);	/* NULL: none waits */
void		 route_requeue(struct route *, struct rmsg *);
/* A session ended, for whatever reason; it is in the list no more. */
void		 route_closed(struct route *);
/* The host will have no more connections than there are. */
void		 route_enough(struct route *);
void		 route_mark(struct route *);

#endif
