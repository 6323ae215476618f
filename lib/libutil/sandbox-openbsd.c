/* The sandbox on OpenBSD: pledge(2) and unveil(2). */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libutil/sandbox.h"

/* Our words that pledge(2) knows by the same name; the others follow below. */
static const char *const same[] = {
	"stdio", "recvfd", "sendfd", "inet", "unix", "rpath", "wpath",
	"cpath", "flock", "proc", NULL
};

static int
sandbox_has(const char *promises, const char *word)
{
	size_t		 n = strlen(word);
	const char	*p;

	for (p = promises; (p = strstr(p, word)) != NULL; p += n)
		if ((p == promises || p[-1] == ' ') &&
		    (p[n] == ' ' || p[n] == '\0'))
			return 1;
	return 0;
}

int
sandbox(const char *promises, const char *root, int logfd, const char **what)
{
	char	 list[256] = "", perm[8] = "";
	int	 i;

	(void)logfd;		/* the kernel logs a broken promise itself */
	for (i = 0; same[i] != NULL; i++)
		if (sandbox_has(promises, same[i])) {
			strlcat(list, same[i], sizeof(list));
			strlcat(list, " ", sizeof(list));
		}
	if (sandbox_has(promises, "proc"))
		strlcat(list, "exec ", sizeof(list));
	if (sandbox_has(promises, "rpath"))
		strlcat(perm, "r", sizeof(perm));
	if (sandbox_has(promises, "wpath"))
		strlcat(perm, "w", sizeof(perm));
	if (sandbox_has(promises, "cpath"))
		strlcat(perm, "c", sizeof(perm));
	/* The parent executes and opens what the configuration names. */
	if (!sandbox_has(promises, "proc")) {
		*what = "unveil";
		if (root != NULL && perm[0] != '\0' &&
		    unveil(root, perm) == -1)
			return -1;
		if (perm[0] != '\0' && unveil(NULL, NULL) == -1)
			return -1;
	}
	*what = "pledge";
	if (list[0] != '\0')
		list[strlen(list) - 1] = '\0';
	return pledge(list, NULL);
}
