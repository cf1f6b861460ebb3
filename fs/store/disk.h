/*
 * disk - the cache directory: which files are whole, who fills one, how much there is.
 *
 *	files/NAME	whole: checked before it came here by rename
 *	filling/NAME	being filled, by whoever holds its flock
 *	usage		bytes and files in files/, so that nobody has to count them
 *	CACHEDIR.TAG	backup programs leave the cache out
 *
 * Processes share it. A filler that dies loses its flock, and with it the
 * claim; what it left is removed by the next one. Who has a whole file open
 * holds a shared flock on it: the evictor leaves it alone. Recency is atime,
 * set at each open.
 *
 * A directory that cannot be used is no error here: then every claim is.
 * Any thread.
 */
#ifndef FS_STORE_DISK_H
#define FS_STORE_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct disk;

int	disk_open(const char *dir, uint64_t limit, struct disk **out);
void	disk_close(struct disk *);

/* A descriptor of the whole file; -ENOENT. One of another size is damaged, and removed. */
int	disk_find(struct disk *, const char *name, uint64_t size);
bool	disk_has(struct disk *, const char *name, uint64_t size);
void	disk_drop(struct disk *, const char *name);
void	disk_release(struct disk *, int fd);	/* closes a whole file; -1 is fine */

enum disk_claim {
	DISK_OURS, /* an empty file, and nobody else fills it: disk_keep or disk_give_up must follow
		    */
	DISK_OTHERS, /* somebody else fills it: disk_follow */
	DISK_WHOLE,
	DISK_GONE, /* who filled it has given up or died: claim again */
};

/* Who fills NAME? An enum disk_claim with *fd, or a negative errno: this disk takes no file. */
int	disk_claim(struct disk *, const char *name, uint64_t size, int *fd);
struct disk_progress {
	uint64_t	filled;		/* bytes from the beginning that are there */
	int64_t		written;	/* when it was last written to: changes with any progress */
};

/* How far somebody else is. DISK_OTHERS, DISK_WHOLE or DISK_GONE. */
int	disk_follow(struct disk *, const char *name, uint64_t size, int fd, struct disk_progress *);
/* An empty file in the place of the one at *fd, which loses its name; it is the caller's to close.
 */
int	disk_renew(struct disk *, const char *name, int *fd);
/* What is written side by side says nothing by its size: whoever follows sees 0 bytes until it is
 * whole. */
int	disk_scatter(int fd, uint64_t size);
/* Of a file of ours so many bytes are written, or are about to be; *claimed, 0 at first, is how
 * many count against the limit. */
void	disk_grow(struct disk *, uint64_t filled, uint64_t size, uint64_t *claimed);
int	disk_keep(struct disk *, const char *name, uint64_t size, uint64_t claimed, int fd);
void disk_give_up(
    struct disk *, const char *name, uint64_t claimed, int fd); /* does not close it */

/* Removes least recently used files until `bytes` less are there; false: nothing could be removed.
 * Blocks. */
bool	disk_make_room(struct disk *, uint64_t bytes);
void	disk_usage(struct disk *, uint64_t *bytes, uint64_t *files);	/* never waits */

#endif
