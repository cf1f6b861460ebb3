/*
 * fill - brings a blob's bytes onto the disk, or into a spill, by its fill callback.
 *
 * Any thread.
 */
#ifndef FS_STORE_FILL_H
#define FS_STORE_FILL_H

struct blob;

/* Caller locks. Gives an idle blob a thread as soon as one is free. */
void	fill_start(struct blob *);

#endif
