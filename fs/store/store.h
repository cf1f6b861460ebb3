/*
 * store - immutable blobs on disk, one file per ContentVersion or rendered view.
 *
 * One filler fills a blob once, however many open it. Readers may read what has landed while the
 * rest comes; the last 128 KiB are released only when size and MD5 are what was promised, so
 * nobody reads a wrong file to a clean end. A failed fill leaves nothing, and each reader gets its
 * error.
 *
 * Processes share the whole files of a directory, but no fill: two may fill the same blob. None
 * waits for another.
 *
 * A fill that nobody waits for any more goes on if less is missing than has come, or less than
 * 16 MiB; else it is dropped. Fetches and renders have threads of their own, so that a render
 * that waits for a fetch cannot keep it from starting.
 *
 * Fetches get places, first come, first served. While a fetch waits for one, a fetch that nobody
 * needs ends, unless it is nearly complete, and a fetch that brings less than 1 KiB a second steps
 * aside after `patience`. If as many have stepped aside as there are places, it ends with
 * -ETIMEDOUT instead. A small fetch (1 MiB) begins beside large ones, if no small one runs.
 *
 * Knows nothing of HTTP, CSV or FUSE. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/async/wait.h"

#define STORE_HELD_BACK	(128 * 1024)	/* bytes that wait for the checks */

struct store;
struct blob;

/*
 * Appends the blob's bytes in order (blob_append) and returns 0 or a negative errno. Runs in one
 * of the store's threads.
 */
typedef int store_fill(void *ctx, struct blob *);

/* The first step of a render: waits for its source, in the thread of the fill. -EAGAIN: w is
 * queued; the thread is free for others, and prepare runs again when w is ready. */
typedef int store_prepare(void *ctx, struct wait *w);

enum store_class { STORE_FETCH, STORE_RENDER };

struct store_want {
	const char	*name;		/* a file name: [A-Za-z0-9.-], at most 100 bytes */
	uint64_t	 size;
	const char	*md5;		/* 32 hex digits, or NULL: no check possible */
	enum store_class class;
	store_prepare	*prepare;	/* may be NULL */
	store_fill	*fill;
	void		*ctx;		/* the blob's from here on: free_ctx frees it, once */
	void		(*free_ctx)(void *);
};

struct store_options {
	const char	*dir;		/* made if missing, mode 0700 */
	uint64_t	 limit;		/* bytes kept; the least recently used blobs go first */
	unsigned	 fetches;	/* places */
	unsigned	 patience;	/* seconds until a slow fetch steps aside; 0: never */
};

int	store_open(const struct store_options *, struct store **out);
/*
 * From here on fills are cancelled (blob_unwanted), and blob_read is -EINTR. It does not wait
 * and wakes nobody: a thread in blob_read sleeps until the fill ends, so end what the fill waits
 * for (http_cancel).
 */
void	store_stop(struct store *);
void	store_close(struct store *);	/* store_stop, then waits for fills */

/* Never waits. The blob may outlive store_close. */
int	store_get(struct store *, const struct store_want *, struct blob **out);
/* Whether it is whole and here, so that no fill would be needed. */
bool	store_has(struct store *, const char *name, uint64_t size);
void	store_drop(struct store *, const char *name);	/* removes it; open readers go on */
void	blob_put(struct blob *);

/*
 * Returns how many of the n bytes at off can be read now: all of them, or all up to the end; 0 at
 * the end. Never fewer, since the kernel takes a short answer for the end of the file. -EAGAIN: w
 * is queued and becomes ready when they have landed; with a NULL w nothing is queued, but
 * the fill starts. -EINTR: w was cancelled before, or the store closes. Any other error is the
 * fill's. The first call that needs bytes which are not there starts the fill.
 */
ssize_t	blob_ready(struct blob *, uint64_t off, size_t n, struct wait *w);
/*
 * Reads what blob_ready granted: 0, or -EIO if it is not there any more. Then the blob has failed,
 * and the next store_get fills another.
 */
int	blob_pread(struct blob *, void *, size_t n, uint64_t off);
bool	blob_is_whole(struct blob *);	/* all its bytes are there and have been checked */
/* The caller keeps the blob until its fill ends, but does not need its bytes. So the fill may end
 * early, as far as this caller is concerned. */
void	blob_spare(struct blob *);
/* For threads that may block: blob_ready until there is something, then blob_pread. */
ssize_t	blob_read(void *blob, void *, size_t n, uint64_t off);

/*
 * Fillers only. These and blob_read take a void *, as the callbacks of those who bring bytes do.
 */

/* -EIO: more than was promised; -ECANCELED: the fill should stop. */
int	blob_append(void *blob, const void *, size_t);
/*
 * Instead of blob_append: bytes at any place, each place once. Readers get nothing before all
 * bytes are there.
 */
int	blob_write_at(void *blob, const void *, size_t, uint64_t off);
uint64_t blob_filled(void *blob);	/* bytes written so far */
int	blob_restart(void *blob);	/* the next append is byte 0; readers keep what they have */
/* True if the fill should stop. Poll this while waiting for data. */
bool	blob_unwanted(void *blob);

/*
 * Calls each() for the whole files of a store's directory, in order of their names; a file for
 * which it returns false is removed. The store need not be open. 0, also where there is no such
 * directory; -EIO.
 */
typedef bool store_each_file(void *ctx, const char *name, int fd, uint64_t size);
int	store_files(const char *dir, store_each_file *, void *ctx);

struct store_stats { uint64_t bytes, blobs, hits, misses; unsigned fetching, waiting; };
void	store_stats(struct store *, struct store_stats *out);
