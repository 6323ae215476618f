/* The arguments among the words: is it one, and where is it kept? */
#include <ctype.h>
#include <string.h>

#include "libtable/tabtext.h"
#include "libtable/taddr.h"
#include "words.h"

#define ID_LEN	13		/* of a message's id, printed */

static const char	 again[] = "given a second time";

static const char *
keep(const char **where, const char *word)
{
	if (*where != NULL)
		return again;
	*where = word;
	return NULL;
}

static int
is_address(const char *s)
{
	char	 canon[TADDR_MAX + 1];

	return taddr_canon(canon, NULL, s, strlen(s)) == 0;
}

static int
is_domain(const char *s)
{
	char	 canon[TADDR_DOMAIN + 1];

	return taddr_domain(canon, s, strlen(s)) == 0;
}

static int
is_id(const char *s)
{
	return strlen(s) == ID_LEN &&
	    strspn(s, "0123456789abcdefghjkmnpqrstvwxyz") == ID_LEN;
}

const char *
take_id(struct request *r, const char *word)
{
	return is_id(word) ? keep(&r->id, word) : "not the id of a message";
}

const char *
take_all(struct request *r, const char *word)
{
	r->all = 1;
	return NULL;
}

/* Sender and recipient may be addresses that no table could hold. */
static const char *
take_filter(const char **where, const char *word)
{
	const char	*at = strrchr(word, '@');

	if (at == NULL || at[1] == '\0' || strlen(word) > TADDR_MAX)
		return "neither an address nor @domain";
	return keep(where, word);
}

const char *
take_sender(struct request *r, const char *word)
{
	if (strcmp(word, "<>") == 0)
		return keep(&r->sender, word);
	return take_filter(&r->sender, word);
}

const char *
take_rcpt(struct request *r, const char *word)
{
	return take_filter(&r->rcpt, word);
}

const char *
take_older(struct request *r, const char *word)
{
	static const char	 bad[] = "not a time, as 30m, 4h or 1d12h are";
	static const char	 units[] = "smhdw";
	static const uint32_t	 seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char		*u;
	uint64_t		 total = 0, n;

	if (r->older != 0)
		return again;
	do {
		if (!isdigit((unsigned char)*word))
			return bad;
		for (n = 0; isdigit((unsigned char)*word); word++)
			if ((n = n * 10 + (uint64_t)(*word - '0')) >
			    UINT32_MAX)
				return bad;
		if (*word == '\0') {
			total += n;
			break;
		}
		if ((u = strchr(units, *word++)) == NULL)
			return bad;
		total += n * seconds[u - units];
	} while (*word != '\0');
	if (total == 0 || total > UINT32_MAX)
		return bad;
	r->older = (uint32_t)total;
	return NULL;
}

const char *
take_traced(struct request *r, const char *word)
{
	if (strchr(word, '@') == NULL)
		return is_id(word) ? keep(&r->id, word) :
		    "neither an address nor the id of a message";
	return strlen(word) > TADDR_MAX ? "too long" : keep(&r->name, word);
}

const char *
take_domain(struct request *r, const char *word)
{
	return is_domain(word) ? keep(&r->name, word) :
	    "not the name of a domain";
}

const char *
take_account(struct request *r, const char *word)
{
	return is_address(word) ? keep(&r->name, word) : "not an address";
}

const char *
take_alias(struct request *r, const char *word)
{
	char	 canon[TADDR_MAX + 1];

	if (word[0] == '@' ? is_domain(word + 1) :
	    strchr(word, '@') == NULL ?
	    taddr_local(canon, word, strlen(word)) == 0 : is_address(word))
		return keep(&r->name, word);
	return "neither an address nor @domain nor a name";
}

const char *
take_member(struct request *r, const char *word)
{
	if (strcmp(word, "discard") != 0 && !is_address(word))
		return "neither an address nor discard";
	if (r->nmembers == WORDS_MEMBERS)
		return "too many at once";
	r->members[r->nmembers++] = word;
	return NULL;
}

const char *
take_alias_of(struct request *r, const char *word)
{
	return is_domain(word) ? keep(&r->alias_of, word) :
	    "not the name of a domain";
}

const char *
take_catch_all(struct request *r, const char *word)
{
	return is_address(word) ? keep(&r->catch_all, word) :
	    "not an address";
}

static const char *
take_size(const char **where, const char *word, const char *bad)
{
	uint64_t	 n;

	return tabtext_size(span_of(word), &n) == 0 ? keep(where, word) : bad;
}

const char *
take_quota(struct request *r, const char *word)
{
	return take_size(&r->quota, word, "not a size");
}

const char *
take_messages(struct request *r, const char *word)
{
	return take_size(&r->messages, word, "not a number");
}

const char *
take_display(struct request *r, const char *word)
{
	size_t	 i;

	/* The table has no way to write these. */
	for (i = 0; word[i] != '\0'; i++)
		if ((unsigned char)word[i] < ' ' || word[i] == '"' ||
		    word[i] == 0x7f)
			return "has a quote or a control character";
	if (i == 0 || i > TABTEXT_NAME)
		return "empty, or longer than 200 bytes";
	return keep(&r->display, word);
}

const char *
take_selector(struct request *r, const char *word)
{
	if (strchr(word, '.') != NULL || strlen(word) > 63 ||
	    !is_domain(word))
		return "not one label of a domain name";
	return keep(&r->selector, word);
}

const char *
take_algorithm(struct request *r, const char *word)
{
	if (strcmp(word, "rsa") != 0 && strcmp(word, "ed25519") != 0)
		return "neither rsa nor ed25519";
	return keep(&r->algorithm, word);
}

const char *
take_level(struct request *r, const char *word)
{
	return keep(&r->level, word);
}

const char *
take_hashed(struct request *r, const char *word)
{
	r->hashed = 1;
	return NULL;
}

const char *
take_purge(struct request *r, const char *word)
{
	r->purge = 1;
	return NULL;
}

const char *
take_usage(struct request *r, const char *word)
{
	r->usage = 1;
	return NULL;
}

const char *
take_rebuild(struct request *r, const char *word)
{
	r->rebuild = 1;
	return NULL;
}

const char *
take_prefix(struct request *r, const char *word)
{
	return keep(&r->prefix, word);
}

const char *
take_path(struct request *r, const char *word)
{
	return word[0] == '\0' ? "empty" : keep(&r->path, word);
}

/* An account, and perhaps a mailbox of it behind a slash. */
const char *
take_mailbox(struct request *r, const char *word)
{
	static const char	 bad[] = "neither an address nor "
				    "address/mailbox";
	const char		*at = strchr(word, '@');
	char			 account[TADDR_MAX + 1];
	size_t			 n;

	if (at == NULL)
		return bad;
	n = (size_t)(at - word) + strcspn(at, "/");
	if (n >= sizeof(account) || (word[n] == '/' && (word[n + 1] == '/' ||
	    word[n + 1] == '\0')))
		return bad;
	memcpy(account, word, n);
	account[n] = '\0';
	if (!is_address(account))
		return bad;
	if (word[n] == '/')
		r->mailbox = word + n + 1;
	return keep(&r->name, word);
}
