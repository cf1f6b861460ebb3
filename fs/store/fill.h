/*
 * fill - brings a blob's bytes onto the disk: by its fill callback, or by following another process
 * that has begun.
 *
 * Any thread.
 */
#ifndef FS_STORE_FILL_H
#define FS_STORE_FILL_H

struct blob;

void	fill_init(struct blob *);
/* Caller locks. An idle blob gets a thread as soon as one is free. */
void	fill_start(struct blob *);

#endif
