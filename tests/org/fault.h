/*
 * fault - the faults that a test arranges.
 *
 * A fault has a kind, a glob (as in the journal) and a number of times. A request takes the oldest
 * fault that matches and has times left. Requests that are held or delayed wait here.
 *
 * Knows nothing of HTTP. Any thread.
 */
#ifndef ORG_FAULT_H
#define ORG_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/buf.h"

enum fault_kind {
	/* instead of the answer */
	FAULT_ERROR,
	FAULT_OAUTH_ERROR,
	FAULT_BODY,
	FAULT_HTML,
	FAULT_GARBAGE,
	FAULT_EMPTY,
	FAULT_DROP,
	FAULT_NOT_HTTP,
	/* after it was made */
	FAULT_LOST,
	/* before it */
	FAULT_HOLD,
	FAULT_DELAY,
	/* in its body */
	FAULT_DROP_AFTER,
	FAULT_HOLD_AFTER,
	FAULT_SILENT,
	FAULT_CORRUPT,
	FAULT_SHORT,
	FAULT_LONG,
	FAULT_SLOW,
	FAULT_KINDS
};

struct fault {
	enum fault_kind	 kind;
	char		*match;
	int64_t		 times;		/* left; -1: for ever */
	int64_t		 skip;		/* matching requests that pass first */
	unsigned	 status;	/* 0: that of the kind */
	char		*code, *message, *body, *type;	/* any may be NULL */
	char		*header;	/* "Name: value" added to the answer */
	uint64_t	 bytes;		/* a place, a number, or a rate, by kind */
	unsigned	 ms;
	/* private */
	unsigned	 users;
	struct fault	*next;
};

struct faults;

int	faults_new(struct faults **out);
void	faults_free(struct faults *);
bool	fault_kind_parse(const char *, enum fault_kind *out);
const char *fault_kind_name(enum fault_kind);

void	faults_add(struct faults *, struct fault * /* takes; it and its texts are from malloc */);
void	fault_free(struct fault *);				/* one that was not added */
void	faults_clear(struct faults *);
/*
 * Returns the fault that this request meets, or NULL. *hold is for fault_hold, so that no release
 * after this call is missed.
 */
struct fault *fault_take(struct faults *, const char *method, const char *path, const char *query,
    uint64_t *hold);
void	fault_put(struct faults *, struct fault *);
void	faults_list(struct faults *, struct buf *out);	/* a line each: kind, times left, match */

/* Waits for a release after *hold was set; false: stopped, or gone() returned true. */
bool	fault_hold(struct faults *, uint64_t hold, bool (*gone)(void *), void *ctx);
uint64_t fault_hold_now(struct faults *);
size_t	faults_release(struct faults *);			/* returns how many were held */
bool	faults_wait_held(struct faults *, size_t count, unsigned seconds);
void	fault_pause(
    struct faults *, uint64_t hold, unsigned ms); /* shorter when released or stopped */
void	faults_stop(struct faults *); /* ends all waits, now and later */

#endif
