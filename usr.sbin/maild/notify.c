/* The protocol of sd_notify(3), which is a datagram. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "parent.h"

void
notify(const char *state)
{
	struct sockaddr_un	 sun;
	const char		*path = getenv("NOTIFY_SOCKET");
	socklen_t		 len;
	size_t			 n;
	int			 fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if ((n = strlcpy(sun.sun_path, path, sizeof(sun.sun_path))) >=
	    sizeof(sun.sun_path))
		return;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (sun.sun_path[0] == '@')	/* Linux's abstract names */
		sun.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1 ||
	    sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (struct sockaddr *)&sun, len) == -1)
		log_debug("notify: cannot tell %s", path);
	if (fd != -1)
		close(fd);
}
