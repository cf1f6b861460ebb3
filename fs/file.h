/*
 * file - what an open handle reads from: a version's bytes, a view of them, a text, or a file on disk.
 *
 * Opening never waits for a download; reading does, a view's open waits for
 * its survey. What has to wait is parked on the caller's wait. A version is
 * downloaded once and a view rendered once, into the store.
 *
 * Joins store, view and rest, and keeps surveys in the catalogue. Knows
 * nothing of FUSE or of names. Any thread; one handle may be read by several.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "document.h"
#include "view.h"
#include "wait.h"

struct catalogue;
struct rest;
struct store;
struct files;
struct file;

int	files_open(struct store *, struct rest *, struct catalogue *, const struct view_options *, struct files **out);
void	files_close(struct files *);	/* after store_close: nobody fills any more */
void	files_stop(struct files *);	/* before store_close: surveys end, who waits for one is woken */

/* The files below parsed/X/, numbered from 0; NULL behind the last. */
const char *file_view_name(unsigned view);

/*
 * The exact size of a view of a CSV document. -EAGAIN: a survey is under way, w is queued (w NULL: none
 * was started); -EINTR: w was cancelled before; or why it cannot be had.
 */
int	file_view_size(struct files *, const struct document *, unsigned view, struct wait *w, uint64_t *out);

int	file_open_version(struct files *, const struct document *, struct file **out);
int	file_open_view(struct files *, const struct document *, unsigned view, struct wait *w, struct file **out);
int	file_open_text(char *text /* takes */, size_t len, struct file **out);
/* release(ctx) is called when the handle is closed, or at once on failure. */
int	file_open_fd(int fd, uint64_t size, void (*release)(void *), void *ctx, struct file **out);
void	file_hold(struct file *);	/* one more file_close is due: for who answers a read while the handle is released */
void	file_close(struct file *);	/* NULL is fine */

uint64_t file_size(const struct file *);
/* As blob_ready: how many of the n bytes at off can be read now. */
ssize_t	file_ready(struct file *, uint64_t off, size_t n, struct wait *w);
/*
 * Where granted bytes are: in memory (*mem), or in a file at *pos (fd returned, else -1). Valid while the handle is open.
 */
int	file_where(struct file *, uint64_t off, const char **mem, off_t *pos);

#endif
