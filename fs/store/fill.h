/*
 * fill - brings a blob's bytes onto the disk, or into a spill, by its fill callback.
 *
 * Any thread.
 */
#pragma once

struct blob;
struct store;

/* Caller locks. Gives an idle blob a thread as soon as one is free. */
void	fill_start(struct blob *);
/* Caller locks. Begins the fetches for which there are places; all, if the store closes. */
void	fill_give_places(struct store *);
