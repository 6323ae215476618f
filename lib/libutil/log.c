/* Log lines to standard error, syslog or a sink. */
#include <sys/uio.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libutil/log.h"

#define LOG_LINEMAX	2048

static const char	*log_name = "maild";
static int		 log_debugging = 1;
static int		 log_verbose;
static log_sink		 log_to;
static void		*log_arg;

void
log_init(const char *procname, int debug)
{
	log_name = procname;
	log_debugging = debug;
	log_verbose = debug;
	if (!debug)
		openlog(procname, LOG_PID | LOG_NDELAY, LOG_MAIL);
	tzset();
}

void
log_setverbose(int v)
{
	log_verbose = v;
}

int
log_getverbose(void)
{
	return log_verbose;
}

void
log_setsink(log_sink sink, void *arg)
{
	log_to = sink;
	log_arg = arg;
}

void
log_line(int prio, const char *procname, const char *line)
{
	struct iovec	 iov[4];
	int		 saved = errno;

	if (!log_debugging) {
		syslog(prio, "%s: %s", procname, line);
		errno = saved;
		return;
	}
	/* One write, so that lines of several processes do not mix. */
	iov[0].iov_base = (void *)(uintptr_t)procname;
	iov[0].iov_len = strlen(procname);
	iov[1].iov_base = (void *)(uintptr_t)": ";
	iov[1].iov_len = 2;
	iov[2].iov_base = (void *)(uintptr_t)line;
	iov[2].iov_len = strlen(line);
	iov[3].iov_base = (void *)(uintptr_t)"\n";
	iov[3].iov_len = 1;
	while (writev(STDERR_FILENO, iov, 4) == -1 && errno == EINTR)
		;
	errno = saved;
}

/* reason: an errno to be named at the end of the line, or 0 */
static void
log_vprint(int prio, int reason, const char *fmt, va_list ap)
{
	char	 line[LOG_LINEMAX];
	size_t	 i, len;
	int	 n;

	if ((n = vsnprintf(line, sizeof(line), fmt, ap)) < 0)
		return;
	len = strlen(line);
	if (reason != 0)
		snprintf(line + len, sizeof(line) - len, "%s%s",
		    len == 0 ? "" : ": ", strerror(reason));
	/* What comes from outside must not make a second line. */
	for (i = 0; line[i] != '\0'; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	if (log_to != NULL)
		log_to(prio, line, log_arg);
	else
		log_line(prio, log_name, line);
}

void
log_warn(const char *fmt, ...)
{
	va_list	 ap;
	int	 saved = errno;

	va_start(ap, fmt);
	log_vprint(LOG_ERR, saved, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_warnx(const char *fmt, ...)
{
	va_list	 ap;
	int	 saved = errno;

	va_start(ap, fmt);
	log_vprint(LOG_ERR, 0, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_info(const char *fmt, ...)
{
	va_list	 ap;
	int	 saved = errno;

	va_start(ap, fmt);
	log_vprint(LOG_INFO, 0, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_debug(const char *fmt, ...)
{
	va_list	 ap;
	int	 saved = errno;

	if (!log_verbose)
		return;
	va_start(ap, fmt);
	log_vprint(LOG_DEBUG, 0, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
fatal(const char *fmt, ...)
{
	va_list	 ap;
	int	 saved = errno;

	va_start(ap, fmt);
	log_vprint(LOG_CRIT, saved, fmt, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_vprint(LOG_CRIT, 0, fmt, ap);
	va_end(ap);
	exit(1);
}

const char *
log_quote(char *dst, size_t dstsize, const char *s, size_t len)
{
	static const char	 hex[] = "0123456789abcdef";
	size_t			 i, n = 0;
	unsigned char		 c;

	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c > ' ' && c <= 126 && c != '"' && c != '\\' && c != '\'') {
			if (n + 1 >= dstsize)
				break;
			dst[n++] = (char)c;
			continue;
		}
		if (n + 4 >= dstsize)
			break;
		dst[n++] = '\\';
		dst[n++] = 'x';
		dst[n++] = hex[c >> 4];
		dst[n++] = hex[c & 15];
	}
	if (dstsize > 0)
		dst[n] = '\0';
	return dst;
}
