/* Tables and records of what maild answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ctype.h>

#include "show.h"

#define SHOW_COLUMNS	64

/* The columns that there really are. */
struct layout {
	struct column	 cols[SHOW_COLUMNS];
	size_t		 widths[SHOW_COLUMNS];
	size_t		 n;
};

void
show_json(const json_t *v)
{
	json_dumpf(v, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int
is_right(enum show_kind kind)
{
	switch (kind) {
	case SHOW_NUMBER:
	case SHOW_SIZE:
	case SHOW_KB:
	case SHOW_LIMIT:
	case SHOW_COUNT:
	case SHOW_SECONDS:
	case SHOW_AGE:
	case SHOW_UNTIL:
		return 1;
	default:
		return 0;
	}
}

static int
is_known(const struct layout *l, const struct column *cols, const char *key)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->cols[i].key, key) == 0)
			return 1;
	for (; cols->key != NULL; cols++)
		if (strcmp(cols->key, key) == 0)
			return 1;
	return 0;
}

static void
layout_columns(struct layout *l, const json_t *rows,
    const struct column *cols)
{
	const struct column	*c;
	const char		*key;
	json_t			*row, *v;
	size_t			 i;

	l->n = 0;
	for (c = cols; c->key != NULL && l->n < SHOW_COLUMNS; c++) {
		if (c->kind == SHOW_NOT)
			continue;
		json_array_foreach(rows, i, row)
			if (json_object_get(row, c->key) != NULL) {
				l->cols[l->n++] = *c;
				break;
			}
	}
	/* A newer maild may say more. */
	json_array_foreach(rows, i, row) {
		json_object_foreach(row, key, v) {
			if (l->n == SHOW_COLUMNS || is_known(l, cols, key))
				continue;
			l->cols[l->n++] = (struct column){ key, key,
			    json_is_integer(v) ? SHOW_NUMBER : SHOW_TEXT };
		}
	}
}

static void
layout_widths(struct layout *l, const json_t *rows)
{
	char	 cell[SHOW_CELL];
	json_t	*row;
	size_t	 i, c, w;

	for (c = 0; c < l->n; c++) {
		l->widths[c] = show_width(l->cols[c].title);
		if (l->cols[c].kind == SHOW_BELOW)
			continue;
		json_array_foreach(rows, i, row) {
			w = show_width(show_cell(json_object_get(row,
			    l->cols[c].key), l->cols[c].kind, cell));
			if (w > l->widths[c])
				l->widths[c] = w;
		}
	}
}

static void
pad(size_t n)
{
	while (n-- > 0)
		putchar(' ');
}

/* One line; the last cell has no blanks after it. */
static void
table_line(const struct layout *l, const json_t *row)
{
	char		 cell[SHOW_CELL];
	const char	*gap = "";
	size_t		 c, w, due = 0;

	for (c = 0; c < l->n; c++) {
		if (l->cols[c].kind == SHOW_BELOW)
			continue;
		if (row != NULL)
			show_cell(json_object_get(row, l->cols[c].key),
			    l->cols[c].kind, cell);
		else
			strlcpy(cell, l->cols[c].title, sizeof(cell));
		w = show_width(cell);
		pad(due);
		fputs(gap, stdout);
		gap = "  ";
		due = l->widths[c] - w;
		if (is_right(l->cols[c].kind)) {
			pad(due);
			due = 0;
		}
		fputs(cell, stdout);
	}
	putchar('\n');
	for (c = 0; row != NULL && c < l->n; c++)
		if (l->cols[c].kind == SHOW_BELOW && *show_cell(
		    json_object_get(row, l->cols[c].key), SHOW_BELOW,
		    cell) != '\0')
			printf("    %s\n", cell);
}

void
show_table(const json_t *rows, const struct column *cols)
{
	struct layout	*l;
	json_t		*row;
	size_t		 i;

	if (json_array_size(rows) == 0)
		return;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return;
	layout_columns(l, rows, cols);
	layout_widths(l, rows);
	table_line(l, NULL);
	json_array_foreach(rows, i, row)
		table_line(l, row);
	free(l);
}

void
show_records(const json_t *rows, const struct column *cols)
{
	struct layout	*l;
	char		 cell[SHOW_CELL];
	json_t		*row, *v;
	size_t		 i, c, w = 0;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return;
	layout_columns(l, rows, cols);
	for (c = 0; c < l->n; c++)
		if (show_width(l->cols[c].title) > w)
			w = show_width(l->cols[c].title);
	json_array_foreach(rows, i, row) {
		if (i > 0)
			putchar('\n');
		for (c = 0; c < l->n; c++) {
			v = json_object_get(row, l->cols[c].key);
			if (v == NULL || *show_cell(v, l->cols[c].kind,
			    cell) == '\0')
				continue;
			printf("%s", l->cols[c].title);
			pad(w - show_width(l->cols[c].title));
			printf("  %s\n", cell);
		}
	}
	free(l);
}
