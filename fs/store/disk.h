/*
 * disk - the cache directory: which files are whole, which are being filled, how much there is.
 *
 *	files/NAME	whole: checked before a rename brought it here
 *	filling/TEMP	being filled, each by one process, which holds a flock on it
 *	usage		bytes and files in files/, so that nobody has to count them
 *	CACHEDIR.TAG	backup programs leave the cache out
 *
 * Processes share whole files and nothing else. Two may fill the same file: the second rename
 * replaces a file by an equal one. A process that dies loses its flocks; the next one that opens
 * the directory removes what it left. An open whole file has a shared flock: it is not evicted.
 * The mtime of a whole file says when it was last opened.
 *
 * Nobody waits for a lock that another process holds. So the two numbers in `usage` may be off
 * by what changed at the same moment; each eviction finds them again.
 *
 * disk_open succeeds also if the directory cannot be used: disk_create then reports the error. Any
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct disk;

int	disk_open(const char *dir, uint64_t limit, struct disk **out);
void	disk_close(struct disk *);

/*
 * A descriptor of the whole file; -ENOENT, -EMFILE. A file of another size is damaged, and removed.
 */
int	disk_find(struct disk *, const char *name, uint64_t size);
bool	disk_has(struct disk *, const char *name, uint64_t size);
void	disk_drop(struct disk *, const char *name);
void	disk_release(struct disk *, int fd);	/* closes a whole file; -1 is fine */

/* A file that is being filled. */
struct disk_temp {
	char		 name[32];
	uint64_t	 claimed;	/* bytes of it that count against the limit */
};

/* A descriptor of a new, empty file; disk_keep or disk_give_up must follow. -errno: no room. */
int	disk_create(struct disk *, struct disk_temp *);
/* Counts a file of `size` bytes, of which `filled` are written or are about to be. */
void	disk_grow(struct disk *, struct disk_temp *, uint64_t filled, uint64_t size);
/* Makes it the whole file of that name. An error gives it up. Neither call closes fd. */
int	disk_keep(struct disk *, struct disk_temp *, const char *name, uint64_t size, int fd);
void	disk_give_up(struct disk *, struct disk_temp *);

/* Removes the least recently used files until `bytes` less are there. False: none could go. */
bool	disk_make_room(struct disk *, uint64_t bytes);
struct disk_usage { uint64_t bytes, files; };
struct disk_usage disk_usage(struct disk *);
