/* Internet addresses in one small fixed form. */
#ifndef ADDR_H
#define ADDR_H

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#define ADDR_STRLEN	64

/* Bytes in network order, an IPv4 address in the first four; port in host's. */
struct addr {
	uint8_t		family;		/* 0 local, 4, 6 */
	uint8_t		bytes[16];
	uint16_t	port;
};

/* A network: the first `bits' bits count. */
struct addrnet {
	struct addr	addr;
	uint8_t		bits;
};

/* -1 with EAFNOSUPPORT for families other than these three. */
int		 addr_from_sockaddr(struct addr *, const struct sockaddr *);
socklen_t	 addr_to_sockaddr(const struct addr *,
		    struct sockaddr_storage *);
/* "192.0.2.1", "2001:db8::1", "local"; an IPv4-mapped address is IPv4. */
const char	*addr_print(const struct addr *, char *, size_t);
/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]" */
const char	*addr_print_literal(const struct addr *, char *, size_t);
/* What addr_print prints; the port becomes 0.  -1 when it is none. */
int		 addr_parse(struct addr *, const char *);
/* The same host: the port does not count. */
int		 addr_equal(const struct addr *, const struct addr *);
/*
 * 127.0.0.1 or ::1: a program of this machine, which limits spare.  Not all of
 * 127/8: who comes from 127.0.0.2 asked for that, as tests do.
 */
int		 addr_is_own(const struct addr *);
/* "192.0.2.0/24", "::1", "local"; -1 when it is none, or has host bits set. */
int		 addrnet_parse(struct addrnet *, const char *);
int		 addrnet_match(const struct addrnet *, const struct addr *);

#endif
