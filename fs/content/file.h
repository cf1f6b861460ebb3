/*
 * file - what an open handle reads from: a document's bytes, a view of them, a text, or a file on
 * disk.
 *
 * Opening a document never waits, reading waits for its download. Opening a view waits for the
 * survey of its document, which has its exact size. A wait is the caller's struct wait and holds
 * no thread. A document is downloaded once and a view rendered once, into the store.
 *
 * Joins download, parsed and store. Knows nothing of FUSE. Any thread; one handle may be read by
 * several.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "fs/async/wait.h"
#include "fs/document.h"

struct rest;
struct store;
struct parsed;
struct files {
	struct store	*store;
	struct rest	*rest;
	struct parsed	*parsed;
};
struct file;


/* Whether the version's bytes are in the cache, so that reading them costs no call. */
bool	file_is_cached(struct files *, const struct document *);
/* Deletes what is cached of content that was deleted in the org; open handles read on. */
void	file_drop(struct files *, const char *content);
int	file_open_version(struct files *, const struct document *, struct file **out);

/*
 * Files that are made of a document. Errors of all that take a wait: -EAGAIN: it is being made, w
 * is queued (w NULL: nothing was begun); -EINTR: w was cancelled before; -EDQUOT: it takes a
 * download, and no call may be spent on this guest; -ENOENT: it is not that kind of document; or
 * why it cannot be had.
 */

/* The files below parsed/X/, numbered from 0; NULL after the last. */
const char *file_view_name(unsigned view);
/* A view and a column have a number, from 0; a note as plain text has 0. */
enum file_made { FILE_VIEW, FILE_COLUMN, FILE_NOTE };
int	file_made_size(struct files *, const struct document *, enum file_made, size_t number,
    struct wait *w, uint64_t *out);
int	file_open_made(struct files *, const struct document *, enum file_made, size_t number,
    struct wait *w, struct file **out);
/*
 * The columns below parsed/X/columns/ in their order, numbered from 0, beginning with `from`.
 * each NULL: just waits until they are known. each() returns false to stop.
 */
typedef bool file_each_column(void *ctx, const char *name, size_t column);
int	file_columns(struct files *, const struct document *, size_t from, struct wait *w,
    file_each_column *, void *ctx);
/* Never waits: -EAGAIN: they are not known yet. -ENOENT: there is no such column. */
int	file_column_find(struct files *, const struct document *, const char *name,
    size_t *column);

int	file_open_text(char *text /* takes */, size_t len, struct file **out);
int	file_open_stream(FILE * /* takes */, uint64_t size, struct file **out);
/* Gets it once more, so that one more file_close is due. */
void	file_hold(struct file *);
void	file_close(struct file *);		/* NULL is fine */

uint64_t file_size(const struct file *);
/* The blob that it reads from, to be compared; NULL: none. */
const void *file_source(const struct file *);
bool	file_is_verified(const struct file *);	/* all its bytes are here, and checked */
/* As blob_ready: how many of the n bytes at off can be read now. -EDQUOT: as above. */
ssize_t	file_ready(struct file *, uint64_t off, size_t n, struct wait *w);
/* Reads what file_ready granted: 0, or -EIO. */
int	file_read(struct file *, void *, size_t n, uint64_t off);
