/*
 * Runs a fuzz target over the files, or the files in the directories, that it
 * is given: the corpus as a test, where there is no libFuzzer.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX	(1 << 24)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* In memory of just that size: ASan sees a byte read past its end. */
static void
run_file(const char *path)
{
	struct stat	 st;
	uint8_t		*data;
	FILE		*f;
	size_t		 len;

	if ((f = fopen(path, "rb")) == NULL || fstat(fileno(f), &st) == -1)
		err(1, "%s", path);
	if (st.st_size > INPUT_MAX)
		errx(1, "%s: too large", path);
	len = (size_t)st.st_size;
	if ((data = malloc(len == 0 ? 1 : len)) == NULL)
		err(1, NULL);
	if (fread(data, 1, len, f) != len)
		err(1, "%s", path);
	fclose(f);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
}

static unsigned int
run_directory(const char *path)
{
	char		 file[4096];
	struct dirent	*de;
	struct stat	 st;
	DIR		*dir;
	unsigned int	 n = 0;

	if ((dir = opendir(path)) == NULL)
		err(1, "%s", path);
	while ((de = readdir(dir)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, de->d_name);
		if (stat(file, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		run_file(file);
		n++;
	}
	closedir(dir);
	return n;
}

int
main(int argc, char *argv[])
{
	struct stat	 st;
	unsigned int	 n = 0;
	int		 i;

	/* Always the two that every corpus forgets. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	LLVMFuzzerTestOneInput((const uint8_t *)"\0", 1);
	for (i = 1; i < argc; i++) {
		if (argv[i][0] == '-')		/* an option of libFuzzer */
			continue;
		if (stat(argv[i], &st) == -1)
			err(1, "%s", argv[i]);
		if (S_ISDIR(st.st_mode))
			n += run_directory(argv[i]);
		else {
			run_file(argv[i]);
			n++;
		}
	}
	printf("%u inputs\n", n);
	return 0;
}
