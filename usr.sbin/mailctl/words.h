/*
 * The command line as a tree of words.  A list of tokens says what could
 * stand at one place; each token leads to the list of the next place.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "mailctl.h"

#define WORDS_MEMBERS	100

/* What the words said.  Strings are those of the command line. */
struct request {
	/* Does it; returns the exit status. */
	int		(*run)(struct mailctl *, const struct request *);
	const char	*verb;		/* for the control process, or NULL */
	const char	*id;		/* of a message */
	uint8_t		 all;
	const char	*sender;	/* filters: address or @domain */
	const char	*rcpt;
	uint32_t	 older;		/* seconds */
	const char	*name;		/* of a domain, an account, an alias */
	const char	*members[WORDS_MEMBERS];
	size_t		 nmembers;
	const char	*alias_of;
	const char	*catch_all;
	const char	*quota;
	const char	*messages;
	const char	*display;
	const char	*selector;
	const char	*algorithm;
	const char	*level;
	uint8_t		 hashed;	/* what is read is a secret already */
	uint8_t		 purge;
	uint8_t		 usage;
	uint8_t		 rebuild;	/* the index */
	const char	*prefix;	/* as -P before the words */
	const char	*path;		/* of files */
	const char	*mailbox;	/* behind the account in name */
};

enum token_kind { TOKEN_NONE, TOKEN_WORD, TOKEN_ARG, TOKEN_END };

struct token {
	enum token_kind	 kind;		/* NONE ends the list */
	const char	*text;		/* the word, or what the argument is */
	const char	*help;
	/* Keep it; NULL or what is wrong with it. */
	const char	*(*take)(struct request *, const char *);
	int		(*run)(struct mailctl *, const struct request *);
	const char	*verb;
	const struct token *next;
};

extern const struct token words_top[];

/*
 * Read the words.  0, or -1 after what could stand there was written to
 * standard error.
 */
int	words_parse(const struct token *, int argc, char *const *argv,
	    struct request *);

/* words_take.c: the arguments, as in struct token */
const char *take_id(struct request *, const char *);
const char *take_all(struct request *, const char *);
const char *take_sender(struct request *, const char *);
const char *take_rcpt(struct request *, const char *);
const char *take_older(struct request *, const char *);
const char *take_traced(struct request *, const char *);
const char *take_domain(struct request *, const char *);
const char *take_account(struct request *, const char *);
const char *take_alias(struct request *, const char *);
const char *take_member(struct request *, const char *);
const char *take_alias_of(struct request *, const char *);
const char *take_catch_all(struct request *, const char *);
const char *take_quota(struct request *, const char *);
const char *take_messages(struct request *, const char *);
const char *take_display(struct request *, const char *);
const char *take_selector(struct request *, const char *);
const char *take_algorithm(struct request *, const char *);
const char *take_level(struct request *, const char *);
const char *take_hashed(struct request *, const char *);
const char *take_purge(struct request *, const char *);
const char *take_usage(struct request *, const char *);
const char *take_rebuild(struct request *, const char *);
const char *take_prefix(struct request *, const char *);
const char *take_path(struct request *, const char *);
const char *take_mailbox(struct request *, const char *);

#endif
