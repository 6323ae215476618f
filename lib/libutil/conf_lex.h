/* The words of maild.conf(5): for maild's parse.y and for mailctl. */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stddef.h>

#define LEX_WORD	1024		/* bytes of a word */
#define LEX_FILE	(1024 * 1024)	/* bytes of a file */
#define LEX_DEPTH	16		/* of include */

enum lex_token { LEX_END, LEX_NEWLINE, LEX_STRING, LEX_QUOTED, LEX_PUNCT,
	LEX_ERROR };

struct lex_file {
	char		*text;
	size_t		 len;
	size_t		 at;
	unsigned	 line;
	unsigned	 file;		/* index in conf.files */
};

struct lex {
	struct lex_file	 stack[LEX_DEPTH];
	unsigned	 depth;
	char		 word[LEX_WORD + 1];	/* of the last token */
	unsigned	 file;			/* where it began */
	unsigned	 line;
	const char	*error;			/* LEX_ERROR: what is wrong */
	struct lex_macro {
		char	*name;
		char	*value;
		int	 fixed;			/* by -D: the file yields */
	}		*macros;
	size_t		 nmacros;
};

/* 0, or what is wrong. */
const char	*lex_push(struct lex *, const char *path, unsigned file);
/* PUNCT is one of { } , = and stands in word[0]. */
enum lex_token	 lex_next(struct lex *);
/* -1: memory. */
int		 lex_macro_set(struct lex *, const char *name,
		    const char *value, int fixed);
const char	*lex_macro_get(const struct lex *, const char *name, size_t);
void		 lex_free(struct lex *);

#endif
