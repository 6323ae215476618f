#include "libutil/sandbox.h"
int
sandbox(const char *promises, const char *root, int logfd, const char **what)
{
	*what = "nothing yet";
	return 0;
}
