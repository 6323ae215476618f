/*
 * Search programs (RFC 9051 6.4.4 and the extensions): a flat array in prefix
 * order, and its evaluation in steps of growing cost.
 */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include <stdint.h>

#include "libimap/imap_date.h"
#include "libimap/imap_fetch.h"
#include "libimap/imap_flags.h"
#include "libimap/imap_seqset.h"

#define IMAP_SEARCH_KEYS	2000	/* nodes of a program */
#define IMAP_SEARCH_DEPTH	64	/* a chain of ORs counts as one */

enum imap_search_op {
	IMAP_S_AND, IMAP_S_OR, IMAP_S_NOT,		/* end says how far */
	IMAP_S_ALL,
	IMAP_S_SEQ, IMAP_S_UID,				/* set */
	IMAP_S_FLAG,					/* n: all these bits */
	IMAP_S_KEYWORD,					/* text, bit */
	IMAP_S_LARGER, IMAP_S_SMALLER,			/* n: bytes */
	IMAP_S_BEFORE, IMAP_S_ON, IMAP_S_SINCE,		/* day, INTERNALDATE */
	IMAP_S_SENTBEFORE, IMAP_S_SENTON, IMAP_S_SENTSINCE,
	IMAP_S_SAVEDBEFORE, IMAP_S_SAVEDON, IMAP_S_SAVEDSINCE,
	IMAP_S_SAVEDATESUPPORTED,
	IMAP_S_OLDER, IMAP_S_YOUNGER,			/* n: seconds */
	IMAP_S_MODSEQ,					/* n */
	IMAP_S_EMAILID, IMAP_S_THREADID,		/* text */
	IMAP_S_FROM, IMAP_S_TO, IMAP_S_CC, IMAP_S_BCC, IMAP_S_SUBJECT,
	IMAP_S_HEADER,					/* field, text */
	IMAP_S_BODY, IMAP_S_TEXT,			/* text */
	IMAP_S_FILTER					/* text: its name */
};

struct imap_search_key {
	uint8_t			 op;	/* enum imap_search_op */
	uint8_t			 cost;	/* enum imap_cost; dearest below */
	uint8_t			 fuzzy;	/* FUZZY stood before it */
	int16_t			 bit;	/* KEYWORD: the process fills it in,
					 * -1: the mailbox has none such */
	int32_t			 day;
	uint32_t		 end;	/* index after the last one below */
	uint64_t		 n;
	struct span		 field;
	struct span		 text;	/* in the program's charset */
	struct imap_seqset	*set;
	void			*bound;	/* the process's: a compiled needle;
					 * SEQ, UID: the resolved rseq, which
					 * is faster than set, or NULL */
};

#define IMAP_RET_MIN		0x0001
#define IMAP_RET_MAX		0x0002
#define IMAP_RET_ALL		0x0004
#define IMAP_RET_COUNT		0x0008
#define IMAP_RET_SAVE		0x0010	/* RFC 5182 */
#define IMAP_RET_PARTIAL	0x0020	/* RFC 5267, 9394 */
#define IMAP_RET_UPDATE		0x0040	/* RFC 5267 */
#define IMAP_RET_CONTEXT	0x0080
#define IMAP_RET_RELEVANCY	0x0100	/* RFC 6203 */

struct imap_search {
	struct imap_search_key	*keys;	/* keys[0] is the AND of all */
	uint32_t		 nkeys;
	uint32_t		 costs;	/* IMAP_COST_BIT of all leaves */
	struct span		 charset;	/* p NULL: none was given */
	uint8_t			 extended;	/* RETURN: answer ESEARCH */
	uint8_t			 modseq;	/* answer with MODSEQ */
	uint8_t			 saved;		/* "$" is in it */
	uint8_t			 seqs;		/* sequence numbers are in it */
	uint32_t		 ret;		/* IMAP_RET_*; () means ALL */
	int64_t			 partial_a, partial_b;
};

/* " RETURN (...)" if it is there. */
int	imap_lex_search_return(struct imap_lexer *, struct imap_search *);
/* Keys up to the end of the line, perhaps CHARSET before them. */
int	imap_lex_search_program(struct imap_lexer *, struct imap_search *);
/* Keys only: SORT and THREAD, which name the charset themselves. */
int	imap_lex_search_keys(struct imap_lexer *, struct imap_search *);

/*
 * A program that came by another way than a command: parsed from a copy in the
 * arena, without a charset of its own.  0, or -1: it is none.
 */
int	imap_search_parse(struct imap_arena *, struct span text,
	    struct imap_search *);
/*
 * Put one in the place of the leaf at that index (RFC 5466's FILTER).  0, or
 * -1: it would be too large or too deep.
 */
int	imap_search_splice(struct imap_arena *, struct imap_search *,
	    uint32_t at, const struct imap_search *sub);

/* Order matters: AND is the least of its operands, OR the greatest. */
enum imap_tri { IMAP_NO, IMAP_MAYBE, IMAP_YES };

/*
 * Decide one leaf, whose cost is at most what the caller has at hand.  MAYBE:
 * these columns do not tell, ask again with the next dearer one.
 */
typedef enum imap_tri (*imap_search_leaf)(const struct imap_search_key *,
	    void *arg);

/*
 * Evaluate with what columns up to `have' can tell: YES and NO are final,
 * MAYBE asks for dearer columns.  *need (may be NULL) becomes the cheapest
 * cost that some undecided leaf wants.  No recursion, constant memory.
 */
enum imap_tri	imap_search_eval(const struct imap_search *,
		    enum imap_cost have, imap_search_leaf, void *arg,
		    enum imap_cost *need);

/* Columns of a message for the cheap leaves. */
struct imap_search_row {
	uint32_t	 seq, uid;
	uint32_t	 maxseq, maxuid;	/* for `*' */
	uint32_t	 flags;			/* IMAP_FLAG_* */
	const uint64_t	*keywords;		/* bit set of nkeywords bits */
	uint32_t	 nkeywords;
	uint64_t	 modseq;
	uint64_t	 size;
	int64_t		 date;			/* INTERNALDATE, UTC */
	int32_t		 day;			/* the same as written */
	int32_t		 savedday;		/* IMAP_DAY_NONE: unknown */
	int32_t		 sentday;		/* IMAP_DAY_NONE: no Date */
	int64_t		 now;
	struct span	 emailid, threadid;
	const struct rseq *saved;		/* for "$": uids */
};

/*
 * A leaf of cost NONE, HOT or WHERE, and SENT* (BRIEF, sentday).  MAYBE for the
 * others.
 */
enum imap_tri	imap_search_row(const struct imap_search_key *,
		    const struct imap_search_row *);

#endif
