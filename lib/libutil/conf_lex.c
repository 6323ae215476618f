/* The words of maild.conf(5). */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/conf_lex.h"

static char *
lex_read(int fd, size_t *len)
{
	struct stat	 st;
	char		*text;
	ssize_t		 n;

	if (fstat(fd, &st) == -1)
		return NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > LEX_FILE) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return NULL;
	}
	if ((text = malloc((size_t)st.st_size + 1)) == NULL)
		return NULL;
	for (*len = 0; *len < (size_t)st.st_size; *len += (size_t)n) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n == -1) {
			free(text);
			return NULL;
		}
		if (n == 0)
			break;
	}
	return text;
}

const char *
lex_push(struct lex *lex, const char *path, unsigned file)
{
	struct lex_file	*f;
	int		 fd, saved;

	if (lex->depth == LEX_DEPTH)
		return "includes are nested too deep";
	f = &lex->stack[lex->depth];
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return strerror(errno);
	f->text = lex_read(fd, &f->len);
	saved = errno;
	close(fd);
	if (f->text == NULL)
		return strerror(saved);
	f->at = 0;
	f->line = 1;
	f->file = file;
	lex->depth++;
	return NULL;
}

void
lex_free(struct lex *lex)
{
	size_t	 i;

	while (lex->depth > 0)
		free(lex->stack[--lex->depth].text);
	for (i = 0; i < lex->nmacros; i++) {
		free(lex->macros[i].name);
		free(lex->macros[i].value);
	}
	free(lex->macros);
	lex->macros = NULL;
	lex->nmacros = 0;
}

const char *
lex_macro_get(const struct lex *lex, const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < lex->nmacros; i++)
		if (strlen(lex->macros[i].name) == len &&
		    memcmp(lex->macros[i].name, name, len) == 0)
			return lex->macros[i].value;
	return NULL;
}

int
lex_macro_set(struct lex *lex, const char *name, const char *value, int fixed)
{
	struct lex_macro	*m = NULL;
	char			*copy;
	size_t			 i;

	if ((copy = strdup(value)) == NULL)
		return -1;
	for (i = 0; i < lex->nmacros; i++)
		if (strcmp(lex->macros[i].name, name) == 0)
			m = &lex->macros[i];
	if (m != NULL) {
		if (m->fixed && !fixed) {
			free(copy);
			return 0;
		}
		free(m->value);
		m->value = copy;
		return 0;
	}
	m = reallocarray(lex->macros, lex->nmacros + 1, sizeof(*m));
	if (m == NULL) {
		free(copy);
		return -1;
	}
	lex->macros = m;
	m += lex->nmacros;
	if ((m->name = strdup(name)) == NULL) {
		free(copy);
		return -1;
	}
	m->value = copy;
	m->fixed = fixed;
	lex->nmacros++;
	return 0;
}

/* ---- words -------------------------------------------------------------- */

static enum lex_token
lex_fail(struct lex *lex, const char *error)
{
	lex->error = error;
	return LEX_ERROR;
}

/* Blanks, comments, and newlines after a backslash. */
static void
lex_skip(struct lex_file *f)
{
	while (f->at < f->len) {
		if (f->text[f->at] == '\\' && f->at + 1 < f->len &&
		    f->text[f->at + 1] == '\n') {
			f->at += 2;
			f->line++;
		} else if (f->text[f->at] == '#') {
			while (f->at < f->len && f->text[f->at] != '\n')
				f->at++;
		} else if (f->text[f->at] == ' ' || f->text[f->at] == '\t' ||
		    f->text[f->at] == '\r')
			f->at++;
		else
			break;
	}
}

static enum lex_token
lex_quoted(struct lex *lex, struct lex_file *f)
{
	char	 quote = f->text[f->at++], c;
	size_t	 n = 0;

	for (;;) {
		if (f->at == f->len || f->text[f->at] == '\n') {
			lex->word[n] = '\0';
			return lex_fail(lex, "the quote is not closed");
		}
		c = f->text[f->at++];
		if (c == quote)
			break;
		if (c == '\\' && f->at < f->len &&
		    (f->text[f->at] == quote || f->text[f->at] == '\\'))
			c = f->text[f->at++];
		if (c == '\0') {
			lex->word[n] = '\0';
			return lex_fail(lex, "a NUL in it");
		}
		if (n == LEX_WORD) {
			lex->word[n] = '\0';
			return lex_fail(lex, "the word is too long");
		}
		lex->word[n++] = c;
	}
	lex->word[n] = '\0';
	return LEX_QUOTED;
}

static int
lex_is_word(unsigned char c)
{
	return c > ' ' && c != 0x7f && strchr("{},=\"'", c) == NULL;
}

static enum lex_token
lex_bare(struct lex *lex, struct lex_file *f)
{
	const char	*value;
	size_t		 n = 0;

	while (f->at < f->len && lex_is_word((unsigned char)f->text[f->at])) {
		if (n == LEX_WORD) {
			lex->word[n] = '\0';
			return lex_fail(lex, "the word is too long");
		}
		lex->word[n++] = f->text[f->at++];
	}
	lex->word[n] = '\0';
	if (n == 0) {
		f->at++;
		return lex_fail(lex, "a byte that is no text");
	}
	if (lex->word[0] != '$')
		return LEX_STRING;
	if ((value = lex_macro_get(lex, lex->word + 1, n - 1)) == NULL)
		return lex_fail(lex, "no such macro");
	/* The value is one word; it is not read again. */
	strlcpy(lex->word, value, sizeof(lex->word));
	return LEX_STRING;
}

enum lex_token
lex_next(struct lex *lex)
{
	struct lex_file	*f;

	if (lex->depth == 0)
		return LEX_END;
	f = &lex->stack[lex->depth - 1];
	lex_skip(f);
	lex->file = f->file;
	lex->line = f->line;
	lex->word[0] = lex->word[1] = '\0';
	if (f->at == f->len) {
		/* The end of a file ends its last line as well. */
		free(f->text);
		lex->depth--;
		return LEX_NEWLINE;
	}
	switch (f->text[f->at]) {
	case '\n':
		f->at++;
		f->line++;
		return LEX_NEWLINE;
	case '"':
	case '\'':
		return lex_quoted(lex, f);
	case '{':
	case '}':
	case ',':
	case '=':
		lex->word[0] = f->text[f->at++];
		return LEX_PUNCT;
	default:
		return lex_bare(lex, f);
	}
}
