/*
 * Log lines.  A process logs to standard error (-d) or syslog until a sink is
 * set; children set one that sends the line to the parent.  One line an event,
 * `key=value'.  Libraries under lib/ do not log.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <syslog.h>

typedef void (*log_sink)(int prio, const char *line, void *arg);

/* debug: to standard error and LOG_DEBUG too. */
void	log_init(const char *procname, int debug);
void	log_setverbose(int);
int	log_getverbose(void);
void	log_setsink(log_sink, void *);
/* Write a line that another process made, without adding to it. */
void	log_line(int prio, const char *procname, const char *line);

/* log_warn appends strerror(errno); all keep errno. */
void	log_warn(const char *, ...)
	    __attribute__((__format__ (printf, 1, 2)));
void	log_warnx(const char *, ...)
	    __attribute__((__format__ (printf, 1, 2)));
void	log_info(const char *, ...)
	    __attribute__((__format__ (printf, 1, 2)));
void	log_debug(const char *, ...)
	    __attribute__((__format__ (printf, 1, 2)));
void	fatal(const char *, ...)
	    __attribute__((__noreturn__, __format__ (printf, 1, 2)));
void	fatalx(const char *, ...)
	    __attribute__((__noreturn__, __format__ (printf, 1, 2)));

/*
 * Copy s for use as a value in a log line: control bytes, quotes, spaces,
 * backslashes and bytes over 126 become \xNN; at most dstsize - 1 bytes,
 * always terminated.
 */
const char *log_quote(char *dst, size_t dstsize, const char *s, size_t len);

#endif
