/* relay without its process: the test plays queue, lookup and the servers. */
#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"

extern struct conf	 harness_conf;
/* What relay said, a line a recipient: "id/n result code enhanced text". */
extern char		 harness_said[65536];
extern unsigned		 harness_done;	/* messages that were ended */
extern unsigned		 harness_rcpts[3];	/* by enum msg_relay_result */
extern unsigned		 harness_mx;	/* questions to lookup */
extern unsigned		 harness_connections;
extern int		 harness_stopped;

void	harness_init(void);
/* The hosts that lookup will name: "10 a.example 127.0.0.1:2525", ... */
void	harness_host(const char *host, unsigned port);
void	harness_host_addr(const char *host, const char *addr, unsigned port);
void	harness_mx_status(int status, const char *text);
/* One message; rcpts are separated by spaces. */
void	harness_message(uint64_t id, const char *rcpts, const char *prefix,
	    const char *body, uint32_t flags);
void	harness_message_fd(uint64_t id, const char *rcpts, int fd,
	    uint64_t size);
/* Until so many messages are through; a test that waits 60 s fails. */
void	harness_run(unsigned done);
/* For so many milliseconds. */
void	harness_idle(unsigned ms);
void	harness_peer_gone(int proc);
void	harness_stop(void);

/*
 * A server that follows a script, each line of it one step:
 *	>text	say it
 *	<text	a line must come that begins so
 *	.	read a message up to its dot
 *	#N	read N bytes
 *	x	hang up
 *	a	wait for the next connection (the first needs none)
 *	t	TLS from here on
 *	g	wait for the end of the connection
 * Returns its port.  harness_server_end closes
 * all connections and fails the test unless it came to the
 * end of the script; what messages it read is in the file `bodies'.
 */
unsigned harness_server(const char *script);
void	harness_server_end(void);
/* A port that nobody listens on. */
unsigned harness_dead_port(void);

#endif
