/*
 * Requests to the store, and who waits for each answer.  A store that is not
 * there answers with M_ST_R and ST_TEMP, like one that says so.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "proc.h"

/*
 * The answer: msg is the struct of the type, or a msg_st_r with ST_TEMP when
 * type is M_ST_R.  fd (-1: none) is the callback's.
 */
typedef void (*request_cb)(void *arg, uint32_t type, const void *msg, int fd);

void		 request_init(void);
/* A number for msg.req; the request must be sent with request_send. */
uint32_t	 request_new(request_cb, void *arg);
/* Not called back before this returns. */
void		 request_send(uint32_t req, uint32_t type, const void *msg);
/* Who waited is gone. */
void		 request_forget(void *arg);
void		 request_answer(uint32_t req, uint32_t type, const void *msg,
		    int fd);
void		 request_store_gone(void);

/*
 * Rows that came inline or in a descriptor: map or point.  0 or -1; free with
 * rows_free, which also closes the descriptor.
 */
struct rows {
	const uint8_t	*data;
	size_t		 len;
	void		*map;
	size_t		 maplen;
	void		*copy;
};

int		 rows_open(struct rows *, const struct msg_blob *,
		    uint64_t size, int fd);
void		 rows_free(struct rows *);
/* They are to outlive the message: copy what came inline.  0 or -1. */
int		 rows_keep(struct rows *);

#endif
