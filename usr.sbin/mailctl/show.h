/* Rows, for people as a table and for programs as JSON. */
#ifndef SHOW_H
#define SHOW_H

#include <jansson.h>
#include <stddef.h>

/* How a value is written for people. */
enum show_kind {
	SHOW_TEXT,
	SHOW_NUMBER,
	SHOW_SIZE,		/* bytes */
	SHOW_KB,		/* kilobytes, 0: not known */
	SHOW_LIMIT,		/* bytes, 0: none */
	SHOW_COUNT,		/* number, 0: none */
	SHOW_SECONDS,		/* how long */
	SHOW_AGE,		/* of the time, seconds since 1970 */
	SHOW_UNTIL,		/* the time to come, 0: never */
	SHOW_TIME,		/* the time itself */
	SHOW_FLAG,		/* yes, or nothing */
	SHOW_SENDER,		/* an address, <> when it is empty */
	SHOW_BELOW,		/* text on a line of its own, if any */
	SHOW_NOT		/* only in JSON */
};

struct column {
	const char	*key;		/* NULL ends the list */
	const char	*title;
	enum show_kind	 kind;
};

#define SHOW_CELL	4096

/* One value as text, without anything that could upset a terminal. */
const char *show_cell(const json_t *, enum show_kind, char dst[SHOW_CELL]);
/* Characters that it takes on a terminal. */
size_t	show_width(const char *);
/* Cut to what is printable, line ends and such to `?'. */
void	show_clean(char *);

/*
 * The rows in columns; members that no column knows come last, columns that
 * no row has are left out.
 */
void	show_table(const json_t *rows, const struct column *);
/* Each row as lines of its own: title and value. */
void	show_records(const json_t *rows, const struct column *);
/* The array or object itself. */
void	show_json(const json_t *);

#endif
