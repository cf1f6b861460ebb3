/*
 * pool - a few threads and a queue of jobs, first come, first served.
 *
 * The first thread is there from the beginning to the end, so whatever is added
 * is done; more start when there is work and end after a while without. A job is
 * embedded in what it works on. Closing a pool runs no job that has not
 * begun: its drop() is called instead.
 *
 * Any thread.
 */
#ifndef FS_ASYNC_POOL_H
#define FS_ASYNC_POOL_H

struct pool;

struct job {
	void		(*run)(struct job *);	/* may free what the job is part of */
	void		(*drop)(struct job *);	/* instead of run(), when the pool closes first */
	struct job	*next;			/* private */
};

int pool_open(const char *name, unsigned threads,
    struct pool **out); /* name: shown by ps and gdb, <= 15 bytes. An error is logged */
void	pool_add(struct pool *, struct job *);
void	pool_close(struct pool *);		/* waits for jobs that run; NULL is fine */

#endif
