/*
 * view - a CSV document as files that a pipeline can trust.
 *
 * A survey is one pass over the document. It finds encoding, delimiter, header,
 * faults and the exact size of every view, and can be kept for ever, as bytes.
 * A render is another pass, which writes one view. Every byte of the document
 * is in some cell; memory does not grow with the document.
 *
 * Knows nothing of HTTP, FUSE or the disk. Any thread: a survey never changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "auth/buf.h"

/* Gives the document's bytes. */
struct view_source {
	/* May block, and give less than n bytes, but at least one before `size`. A negative errno
	 * ends the pass with it. */
	ssize_t	(*read)(void *ctx, void *, size_t n, uint64_t off);
	void	*ctx;
	uint64_t size;
};
/* Takes a view's bytes. A negative errno ends the pass with it: that is how to cancel one. */
struct view_sink {
	int	(*write)(void *ctx, const void *, size_t);	/* from byte 0 on */
	void	*ctx;
	/* For VIEW_COLUMNS, whose columns are written side by side: each byte once, in any order.
	 * NULL for all other views. */
	int	(*write_at)(void *ctx, const void *, size_t, uint64_t off);
};

struct view_options {
	const char	*encoding;	/* NULL: find out */
	char		 delimiter;	/* 0: find out */
	uint64_t	 max_field;	/* bytes; a longer quote is a character */
	bool		 strict;	/* if not clean, all views but info and errors are EIO */
};

enum view_kind {
	VIEW_HEADER,
	VIEW_TABLE_TSV,			/* rows.tsv is the same blob from survey.rows_offset */
	VIEW_ROWS_JSONL,
	VIEW_TABLE_CSV,
	VIEW_COLUMNS,			/* one column after the other: view_column_range */
	VIEW_INFO,
	VIEW_ERRORS,
	VIEW_KINDS
};

struct view_survey;

#define VIEW_RENDERER "3"		/* goes up when the same input gives other bytes */

/* -EINVAL: there is no such encoding, or the delimiter cannot be one. */
int	view_check_options(const struct view_options *);
int	view_survey(const struct view_source *, const struct view_options *,
	    struct view_survey **out);
void	view_survey_free(struct view_survey *);
int	view_survey_pack(const struct view_survey *, struct buf *out);
/* -EINVAL: view_survey_pack of this version did not write it. */
int	view_survey_unpack(const void *, size_t, struct view_survey **out);

/* -EIO: there is no such view of this document; info.tsv says why. */
int	view_check(const struct view_survey *, enum view_kind);
uint64_t view_size(const struct view_survey *, enum view_kind);
uint64_t view_rows_offset(const struct view_survey *);	/* where rows.tsv begins in table.tsv */
/* -EIO: as view_check, or the source is not the one that was surveyed. */
int	view_render(const struct view_survey *, enum view_kind, const struct view_source *,
	    const struct view_sink *);

/* The columns in the header's order. A key is the column's name in rows.jsonl: UTF-8, unique,
 * not empty, any characters; borrowed, and no NUL ends it. */
size_t	view_column_count(const struct view_survey *);
const char *view_column_key(const struct view_survey *, size_t i, size_t *len);
/* The place of the column in VIEW_COLUMNS. */
void	view_column_range(const struct view_survey *, size_t i, uint64_t *off, uint64_t *size);
