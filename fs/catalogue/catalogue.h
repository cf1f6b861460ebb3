/*
 * catalogue - which documents there are: SQLite on disk, the only copy.
 *
 * Memory does not grow with the org. Rows are keyed by document.key, so a listing needs no state
 * and survives change. A document takes the first of its candidate names that no older document
 * (CreatedDate, then Id) has: names depend on the set of documents alone, never on the order in
 * which they came.
 *
 * A damaged file is replaced by an empty one at once. Until that is filled, each look for a
 * document is -EIO. Each row is checked when it is read: it must be what was put, and what was
 * asked for. Else the file is damaged. findings.h keeps surveys and answers in the same file.
 *
 * Mounts of one org share what is committed, and nothing else. Any thread; one writes at a time,
 * readers see the last commit and wait for nobody.
 *
 * Knows nothing of HTTP, FUSE, or how names are made.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/document.h"

struct catalogue;

/*
 * dir: exists, private to the user. hash: names with equal hashes are one name; always the same
 * function for one dir. Errors, here and below, each logged once: -EIO (the file is damaged, cannot
 * be read, or is not filled), -ENOSPC, -EROFS, -ENOMEM, and -ETIMEDOUT when another process has
 * locked the file for 5 s.
 */
int	catalogue_open(const char *dir, uint64_t (*hash)(const char *name), struct catalogue **out);
void	catalogue_close(struct catalogue *);
/* Finishes the check of a file that was too large for catalogue_open: seconds for a million
 * documents. Errors as catalogue_check. */
int	catalogue_check_opened(struct catalogue *);
/* Checks every page of the file, 10 s for a million documents. -EIO: damaged, and begun anew. */
int	catalogue_check(struct catalogue *);
void	catalogue_interrupt(struct catalogue *);	/* from now on checks are -EINTR */

/*
 * One batch is one transaction: begin (waits for another process's writer), any of the put
 * functions, then end, all by one thread.
 */
int	catalogue_begin(struct catalogue *);
/* Commits if rc is 0; else, and after an error, rolls back. Returns rc, or the error. */
int	catalogue_end(struct catalogue *, int rc);
/* candidates: best first, NULL or "" for none; the last is this document's alone. Replaces the
 * document with this Id. */
int	catalogue_put(struct catalogue *, const struct document *, const char *const candidates[3]);
/*
 * A document that is reached only by its Id or through a record. It is found by name, Id and keys,
 * but it is not in catalogue_list and in the totals, and takes no name from others. catalogue_put
 * lists it. A document that is listed already stays so.
 */
int	catalogue_put_unlisted(struct catalogue *, const struct document *, const char *name);
/*
 * gone: the org has deleted it, so no mount can use its bytes. 0 also if there is no such document.
 */
int	catalogue_remove(struct catalogue *, const char *id, bool gone);
/* One version of a document, with the keys of both. It goes when its document goes. Replaces an
 * earlier put of this version_id. */
int	catalogue_put_version(struct catalogue *, const struct document *);
int	catalogue_put_state(struct catalogue *, const char *name, const char *value);

/*
 * A new catalogue is not filled: put disregards who has which name, which is much faster, and
 * nothing is found. catalogue_put_filled, in a batch, gives all documents their names; for good,
 * unless the file is damaged later.
 */
int	catalogue_put_filled(struct catalogue *);
bool	catalogue_is_filled(struct catalogue *);
/* Each look for a document that fails because the catalogue is not filled calls unfilled(), on the
 * thread that looks, with no lock held. Set it before others use the catalogue. */
void	catalogue_on_unfilled(struct catalogue *, void (*unfilled)(void *ctx), void *ctx);

/*
 * Calls changed() for what was committed since the last call, by this process or another: a name
 * that appeared, vanished or means another document or version (document_key gained or lost it), or
 * a document that has gone from the org. A change may come twice. Of very many, the oldest are
 * forgotten. changed() runs with no lock held.
 */
struct catalogue_change {
	const char	*name;		/* NULL: a document is gone */
	uint64_t	 document_key;
	const char	*id, *content;	/* of document_content(); NULL: a name changed */
};
typedef void catalogue_changed(void *ctx, const struct catalogue_change *);
int	catalogue_changes(struct catalogue *, catalogue_changed *, void *ctx);

/*
 * A reconcile compares a list of all Ids with the catalogue, in bounded memory, beside batches that
 * go on as usual. begin notes every listed document. mark (any thread, outside or inside a batch)
 * takes one out of the notes: 0 if it is listed with this version and SystemModstamp, 1 if not,
 * else a negative errno; so does catalogue_put. sweep, in a batch, removes documents that are still
 * noted: 0 when none is left, 1 when it has removed enough for one batch. end forgets the notes.
 * One reconcile at a time.
 */
int	catalogue_mark_begin(struct catalogue *);
int	catalogue_mark(struct catalogue *, const struct document *);
int	catalogue_sweep(struct catalogue *, bool gone);
void	catalogue_mark_end(struct catalogue *);

/* Reading. -ENOENT if there is none; document_free what was found. Ids have 18 characters. */
int	catalogue_by_key(struct catalogue *, uint64_t key, struct document *out);
int	catalogue_by_version_key(struct catalogue *, uint64_t version_key, struct document *out);
int	catalogue_by_id(struct catalogue *, const char *id, struct document *out);
int	catalogue_by_name(struct catalogue *, const char *name, struct document *out);
/* Documents with key > after in order of key; strings borrowed. each() returns false to stop. */
typedef bool catalogue_each(void *ctx, const struct document *);
int	catalogue_list(struct catalogue *, uint64_t after, catalogue_each *, void *ctx);
/* In order of their first candidate's bytes, which for nearly all is their name. */
int	catalogue_list_names(struct catalogue *, const char *after, catalogue_each *, void *ctx);
/* Those with this parent_id. */
int	catalogue_list_parent(
    struct catalogue *, const char *parent_id, uint64_t after, catalogue_each *, void *ctx);
/* The first parent_id of a listed document after this one. out may be where after is. */
int	catalogue_next_parent(struct catalogue *, const char *after, char out[19]);
/* A version that was put; its name is "". */
int	catalogue_version(struct catalogue *, uint64_t version_key, struct document *out);
/* The versions of a document with version_key > after, in its order. */
int	catalogue_versions(
    struct catalogue *, uint64_t key, uint64_t after, catalogue_each *, void *ctx);

/* These work before the catalogue is filled, too. */
int	catalogue_state(struct catalogue *, const char *name, char **out);	/* caller frees */
struct catalogue_totals {
	uint64_t documents, bytes;	/* that are listed */
	uint64_t generation;	/* grows with every commit of any process that changes that */
};
int	catalogue_totals(struct catalogue *, struct catalogue_totals *out);
