/* hear PATH: print what datagrams a local socket gets, one a line. */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	char			 buf[512];
	ssize_t			 n;
	int			 fd;

	if (argc != 2)
		errx(2, "usage: hear path");
	strlcpy(sun.sun_path, argv[1], sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		err(1, "%s", argv[1]);
	while ((n = recv(fd, buf, sizeof(buf) - 1, 0)) > 0) {
		buf[n] = '\0';
		buf[strcspn(buf, "\n")] = '\0';
		puts(buf);
		fflush(stdout);
	}
	return 0;
}
