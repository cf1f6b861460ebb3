/*
 * store - immutable blobs on disk, one file per ContentVersion or rendered view.
 *
 * One filler fills a blob once, however many open it. Readers may read what has landed while the
 * rest comes; the last 128 KiB are released only when size and MD5 are what was promised, so nobody
 * reads a wrong file to a clean end. A failed fill leaves nothing, and its error is each reader's.
 *
 * Processes share the whole files of a directory, and no fill that is under way: two may fill the
 * same blob. None waits for another.
 *
 * A fill that nobody waits for any more goes on if less is missing than has come, or less than
 * 16 MiB; else it is dropped. Fetches and renders have threads of their own, so that a render that
 * waits for a fetch cannot keep it from starting.
 *
 * Knows nothing of HTTP, CSV or FUSE. Any thread.
 */
#ifndef FS_STORE_STORE_H
#define FS_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/async/wait.h"

#define STORE_HELD_BACK	(128 * 1024)	/* bytes that wait for the checks */

struct store;
struct blob;

/* Appends the blob's bytes in order (blob_append) and returns 0 or a negative errno. Runs in one of
 * the store's threads. */
typedef int store_fill(void *ctx, struct blob *);

/*
 * Of a render: waits for its source. It runs in the thread of the fill. -EAGAIN: w is queued;
 * the thread is free for others, and prepare runs again when w is ready.
 */
typedef int store_prepare(void *ctx, struct wait *w);

enum store_class { STORE_FETCH, STORE_RENDER };

struct store_want {
	const char	*name;		/* a file name: [A-Za-z0-9.-], at most 100 bytes */
	uint64_t	 size;
	const char	*md5;		/* 32 hex digits, or NULL: no check possible */
	enum store_class class;
	store_prepare	*prepare;	/* may be NULL */
	store_fill	*fill;
	void *
	    ctx; /* the blob's from here on: freed by free_ctx, once, also when nothing is filled */
	void		(*free_ctx)(void *);
};

struct store_options {
	const char	*dir;		/* made if missing, mode 0700 */
	uint64_t limit; /* bytes kept; the least recently used blobs go first, open ones never */
	unsigned	 fetches;	/* at a time */
};

int	store_open(const struct store_options *, struct store **out);
/*
 * First: from here on fills are cancelled (blob_cancelled) and blob_read is -EINTR. It does not
 * wait, and wakes nobody: who sleeps in blob_read does so until the fill ends, which is to be seen
 * to where it waits (rest_cancel).
 */
void	store_stop(struct store *);
void	store_close(struct store *);	/* store_stop, and fills are waited for */

int store_get(struct store *, const struct store_want *, struct blob **out); /* never waits */
bool store_has(
    struct store *, const char *name, uint64_t size); /* whole and here: no fill would be needed */
void store_drop(struct store *, const char *name); /* its document is gone; open readers go on */
void	blob_put(struct blob *);

/*
 * All n bytes at off can be read now, or as many as there are up to the end: their number, 0 at the
 * end. -EAGAIN: w is queued and becomes ready when they have landed; -EINTR: w was cancelled
 * before, or the store closes; another error: the fill's. Never fewer bytes than that: a short
 * answer to the kernel would be the end of the file. A NULL w means: queue nothing. The first call
 * that needs bytes which are not there starts the fill.
 */
ssize_t	blob_ready(struct blob *, uint64_t off, size_t n, struct wait *w);
/* Reads what blob_ready granted. */
ssize_t	blob_pread(struct blob *, void *, size_t n, uint64_t off);
int	blob_fd(const struct blob *);	/* the blob's own, to splice what blob_ready granted */
bool	blob_is_whole(struct blob *);	/* all its bytes are there and have been checked */
/* For threads that may block: blob_ready until there is something, then blob_pread. */
ssize_t	blob_read(struct blob *, void *, size_t n, uint64_t off);

/* Fillers only. */
int blob_append(struct blob *, const void *,
    size_t); /* -EIO: more than was promised; -ECANCELED: the store closes */
/*
 * Instead of blob_append, for what is written side by side: bytes of any place, each once. Readers
 * get nothing before all is there.
 */
int	blob_write_at(struct blob *, const void *, size_t, uint64_t off);
uint64_t blob_filled(const struct blob *);		/* bytes appended so far */
int blob_restart(struct blob *); /* the next append is byte 0 again; readers keep what they got */
bool	blob_cancelled(const struct blob *);		/* the store closes: give up */
/* True if the fill should stop. Poll this while waiting for data; blob_append says the same. */
bool	blob_unwanted(const struct blob *);

/*
 * The whole files of a store's directory, in order of their names, for a check; the store need not
 * be open. each() says whether to keep one; who reads it goes on. 0 also where there is none; -EIO.
 */
typedef bool store_each_file(void *ctx, const char *name, int fd, uint64_t size);
int	store_files(const char *dir, store_each_file *, void *ctx);

struct store_stats { uint64_t bytes, blobs, hits, misses; unsigned fetching, waiting; };
void	store_stats(struct store *, struct store_stats *out);

#endif
