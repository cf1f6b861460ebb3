/*
 * view - a CSV document as files that a pipeline can trust.
 *
 * A survey, one pass over the bytes, finds encoding, delimiter, header, faults
 * and the exact size of every view; it can be kept for ever, as bytes. A
 * render is one more pass that writes a view from byte 0 to that size.
 * Every input byte is in some cell; memory does not grow with the file.
 *
 * libcsv lives here. Knows nothing of HTTP, FUSE or the disk. Any thread, a
 * survey is read-only once made.
 */
#ifndef FS_VIEW_VIEW_H
#define FS_VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "auth/buf.h"

/*
 * Where the CSV bytes come from. May block, and give less than is asked for; never nothing before
 * `size`. A negative errno ends the pass with it.
 */
struct view_source {
	ssize_t	(*read)(void *ctx, void *, size_t n, uint64_t off);
	void	*ctx;
	uint64_t size;
};
/* Where rendered bytes go, in their order. A negative errno ends the pass with it: so a pass can be
 * cancelled. */
struct view_sink {
	int	(*write)(void *ctx, const void *, size_t);
	void	*ctx;
	/* VIEW_COLUMNS alone, which are written side by side: bytes of any place, each once. Else
	 * NULL will do. */
	int	(*write_at)(void *ctx, const void *, size_t, uint64_t off);
};

struct view_options {
	const char	*encoding;	/* NULL: find out */
	char		 delimiter;	/* 0: find out */
	uint64_t	 max_field;	/* bytes; a quote not closed within is a character */
	bool strict; /* views of a file that is not clean are EIO, but for info and errors */
};

enum view_kind {
	VIEW_HEADER,
	VIEW_TABLE_TSV,			/* rows.tsv is the same blob from survey.rows_offset */
	VIEW_ROWS_JSONL,
	VIEW_TABLE_CSV,
	VIEW_COLUMNS,			/* one column behind the other: view_column_range */
	VIEW_INFO,
	VIEW_ERRORS,
	VIEW_KINDS
};

struct view_survey;

#define VIEW_RENDERER "3"		/* goes up when the same input gives other bytes */

int view_check_options(
    const struct view_options *); /* -EINVAL: no such encoding, or no delimiter */
int view_survey(const struct view_source *, const struct view_options *, struct view_survey **out);
void	view_survey_free(struct view_survey *);
int	view_survey_pack(const struct view_survey *, struct buf *out);
int view_survey_unpack(
    const void *, size_t, struct view_survey **out); /* -EINVAL: not one of ours */

/* -EIO: there is no such view of this document; info.tsv says why. */
int	view_check(const struct view_survey *, enum view_kind);
uint64_t view_size(const struct view_survey *, enum view_kind);
uint64_t view_rows_offset(const struct view_survey *); /* where rows.tsv begins in table.tsv */
int view_render(const struct view_survey *, enum view_kind, const struct view_source *,
    const struct view_sink *);

/* The columns in their order, named as rows.jsonl names them: UTF-8, each once, never empty, any
 * characters. */
size_t	view_column_count(const struct view_survey *);
const char *view_column_key(
    const struct view_survey *, size_t i, size_t *len); /* not NUL-terminated; borrowed */
void view_column_range(
    const struct view_survey *, size_t i, uint64_t *off, uint64_t *size); /* in VIEW_COLUMNS */

#endif
