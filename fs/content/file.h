/*
 * file - what an open handle reads from: a version's bytes, a view of them, a text, or a file on
 * disk.
 *
 * Opening never waits for a download; reading does, a view's open waits for
 * its survey. What has to wait is parked on the caller's wait. A version is
 * downloaded once and a view rendered once, into the store.
 *
 * Joins version, surveys, store and view. Knows nothing of FUSE. Any thread; one handle may be read
 * by several.
 */
#ifndef FS_CONTENT_FILE_H
#define FS_CONTENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/document.h"
#include "fs/async/wait.h"

struct rest;
struct store;
struct parsed;
struct files;
struct file;

int	files_open(struct store *, struct rest *, struct parsed *, struct files **out);
void	files_close(struct files *);

/* The files below parsed/X/, numbered from 0; NULL behind the last. */
const char *file_view_name(unsigned view);

/*
 * The exact size of a view of a CSV document. -EAGAIN: a survey is under way, w is queued (w NULL:
 * none was started); -EINTR: w was cancelled before; or why it cannot be had.
 */
int file_view_size(
    struct files *, const struct document *, unsigned view, struct wait *w, uint64_t *out);

/*
 * The columns below parsed/X/columns/, in their order, from a number on (each NULL: just waits
 * until they are known); errors as file_view_size. find does not wait: -EAGAIN where there is no
 * survey yet, -ENOENT.
 */
struct file_column {
	const char	*name;		/* borrowed; not set by find */
	size_t		 number;
	uint64_t	 size;
};
typedef bool file_each_column(void *ctx, const struct file_column *);	/* false: stop */
int file_columns(struct files *, const struct document *, size_t from, struct wait *w,
    file_each_column *, void *ctx);
int file_column_find(
    struct files *, const struct document *, const char *name, struct file_column *out);
int file_column_size(
    struct files *, const struct document *, size_t column, struct wait *w, uint64_t *out);
int file_open_column(
    struct files *, const struct document *, size_t column, struct wait *w, struct file **out);

/* A note as plain text. */
int	file_note_size(struct files *, const struct document *, struct wait *w, uint64_t *out);
int	file_open_note(struct files *, const struct document *, struct wait *w, struct file **out);

bool file_is_cached(struct files *,
    const struct document *); /* the version's bytes are here: reading it costs no call */
/* The version's document is no more: what is cached of it goes, open handles read on. */
void	file_drop(struct files *, const char *version_id);

int	file_open_version(struct files *, const struct document *, struct file **out);
int file_open_view(
    struct files *, const struct document *, unsigned view, struct wait *w, struct file **out);
int	file_open_text(char *text /* takes */, size_t len, struct file **out);
/* release(ctx) is called when the handle is closed, or at once on failure. */
int	file_open_fd(int fd, uint64_t size, void (*release)(void *), void *ctx, struct file **out);
void file_hold(struct file
	*); /* one more file_close is due: for who answers a read while the handle is released */
void	file_close(struct file *);	/* NULL is fine */

uint64_t file_size(const struct file *);
const void *file_source(const struct file *);	/* equal for handles that read the same blob */
bool	file_is_verified(const struct file *);	/* all its bytes are here, and checked */
/* As blob_ready: how many of the n bytes at off can be read now. */
ssize_t	file_ready(struct file *, uint64_t off, size_t n, struct wait *w);
/*
 * Where granted bytes are: in memory (*mem), or in a file at *pos (fd returned, else -1). Valid
 * while the handle is open.
 */
int	file_where(struct file *, uint64_t off, const char **mem, off_t *pos);

#endif
