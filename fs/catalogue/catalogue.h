/*
 * catalogue - what documents exist: SQLite on disk, the only copy.
 *
 * Memory does not grow with the org. Rows are keyed by document.key, so a
 * listing needs no state and survives change. A document takes the first of
 * its candidate names that no older document (CreatedDate, then Id) has: the
 * outcome depends on the set of documents alone, never on the order in which
 * they came. The schema's mark is in the file's name; a file that is damaged
 * is put aside and begun anew.
 *
 * Surveys (what a pass over a version's bytes found) live in a file of their
 * own, so that a catalogue that is rebuilt loses none: catalogue/found.h.
 *
 * Knows nothing of HTTP, FUSE, or what a name looks like. Any thread; one
 * writer at a time, readers see the last commit. Two processes may share it.
 */
#ifndef FS_CATALOGUE_CATALOGUE_H
#define FS_CATALOGUE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/document.h"

struct catalogue;

/*
 * dir: exists, private to the user. hash: names with equal hashes are one name; always the same
 * function for one dir. -EBUSY, logged: the file is damaged, and another mount has it open. Errors,
 * here and below: -EIO (damaged; logged once, begun anew at the next open), -ENOSPC, -EROFS,
 * -ENOMEM, and -ETIMEDOUT when another process holds the file for seconds.
 */
int	catalogue_open(const char *dir, uint64_t (*hash)(const char *name), struct catalogue **out);
void	catalogue_close(struct catalogue *);

/*
 * One batch is one transaction: begin (waits for another process's writer), any
 * of the put functions, then commit or roll back, all by one thread. Memory grows
 * with a batch by some 100 bytes a document, until its end.
 */
int	catalogue_begin(struct catalogue *);
/* candidates: best first, NULL or "" for none; the last is this document's alone. Replaces what had
 * its Id. */
int	catalogue_put(struct catalogue *, const struct document *, const char *const candidates[3]);
/*
 * A document that is not listed, since it is reached by its Id or through a record only: found by
 * name, Id and keys, not by catalogue_list, not in the totals, and it moves no other name.
 * catalogue_put lists it from then on; this one leaves a listed document listed and replaces its
 * row.
 */
int	catalogue_put_unlisted(struct catalogue *, const struct document *, const char *name);
/* gone: not from what is listed alone, so its bytes are of no use to any mount. 0 also when it is
 * not there. */
int	catalogue_remove(struct catalogue *, const char *id, bool gone);
/* A version: a document that has it (its key and version_key are set). They go with their document.
 */
int	catalogue_put_version(struct catalogue *, const struct document *);
int	catalogue_put_state(struct catalogue *, const char *name, const char *value);
/*
 * For a first fill. From defer on, in later batches too and whichever process they are of,
 * documents are put without regard to who has which name, which is much faster; names mean nothing,
 * and finding one takes long, until settle gives all documents theirs. It tells of no change. Both
 * within a batch; both may be called again.
 */
int	catalogue_defer(struct catalogue *);
int	catalogue_settle(struct catalogue *);
/*
 * A change is a name that appeared, vanished or now means another document or version
 * (document_key: whose it is now, or was), or a document that is gone (id; its bytes are of no
 * use). One with a changed() is written down for every process that has the catalogue open, and
 * each is told of it once, by its next commit with a changed() or catalogue_catch_up: after the
 * commit, with no lock held. Of very many the oldest are not told. May be NULL: nobody is told.
 */
struct catalogue_change {
	const char	*name;		/* NULL: a document is gone */
	uint64_t	 document_key;
	const char	*id, *version_id;	/* 18 characters each; NULL: a name changed */
};
typedef void catalogue_changed(void *ctx, const struct catalogue_change *);
int catalogue_commit(
    struct catalogue *, catalogue_changed *, void *ctx); /* an error: it is rolled back */
int	catalogue_catch_up(struct catalogue *, catalogue_changed *, void *ctx);
void	catalogue_rollback(struct catalogue *);

/*
 * A reconcile: a list of all Ids against the catalogue, in bounded memory, beside batches that go
 * on as usual. begin notes every listed document; mark (any thread, outside or inside a batch)
 * takes one out of the notes: 0 when it is listed, 1 when it is not (-errno else); so does
 * catalogue_put. sweep, within a batch, removes what is still noted: 0 when it has, 1 when it has
 * removed enough for one batch. end forgets the notes, swept or not. One reconcile at a time.
 */
int	catalogue_mark_begin(struct catalogue *);
int	catalogue_mark(struct catalogue *, const char *id);
int	catalogue_sweep(struct catalogue *, bool gone);
void	catalogue_mark_end(struct catalogue *);

/* Goes up with every commit of any process that changed what is listed; for whoever keeps something
 * made of it. */
int	catalogue_generation(struct catalogue *, uint64_t *out);

/* Reading. The document's strings are the caller's: document_free. -ENOENT where there is none. */
int	catalogue_by_key(struct catalogue *, uint64_t key, struct document *out);
int	catalogue_by_version_key(struct catalogue *, uint64_t version_key, struct document *out);
int catalogue_by_id(struct catalogue *, const char *id, struct document *out); /* 18 characters */
int	catalogue_by_name(struct catalogue *, const char *name, struct document *out);
/* Documents with key > after in order of key; strings borrowed. each() returns false to stop. */
typedef bool catalogue_each(void *ctx, const struct document *);
int	catalogue_list(struct catalogue *, uint64_t after, catalogue_each *, void *ctx);
/* The same in order of their first candidate's bytes, which for nearly all is their name. */
int	catalogue_list_names(struct catalogue *, const char *after, catalogue_each *, void *ctx);
/* The same, of those whose parent_id this is. */
int catalogue_list_parent(
    struct catalogue *, const char *parent_id, uint64_t after, catalogue_each *, void *ctx);
/* The first Id after this one that is some listed document's parent_id. out may be where after is.
 */
int	catalogue_next_parent(struct catalogue *, const char *after, char out[19]);
/* Versions that were put; without a name. The second: those of a document with version_key > after,
 * in its order. */
int	catalogue_version(struct catalogue *, uint64_t version_key, struct document *out);
int catalogue_versions(
    struct catalogue *, uint64_t key, uint64_t after, catalogue_each *, void *ctx);
int	catalogue_state(struct catalogue *, const char *name, char **out);	/* caller frees */

struct catalogue_totals { uint64_t documents, bytes; };
int catalogue_totals(struct catalogue *, struct catalogue_totals *out); /* kept, not counted */

/*
 * What the org answered to a question on demand (the documents of a record, the versions of a
 * document): opaque bytes by a key, and when it was asked (ms, the caller's clock). Written at
 * once, outside batches.
 */
int catalogue_answer(struct catalogue *, const char *key, void **out, size_t *len,
    int64_t *asked); /* caller frees */
int catalogue_put_answer(struct catalogue *, const char *key, const void *, size_t, int64_t asked);

/*
 * Surveys: opaque bytes by version Id and what made them (a renderer's number, csv options). Those
 * that were neither put nor used for longest go. catalogue_use_survey may wait for another process;
 * catalogue_survey and catalogue_answer do not.
 */
int catalogue_survey(
    struct catalogue *, const char *version_id, const char *maker, void **out, size_t *len);
int	catalogue_use_survey(struct catalogue *, const char *version_id, const char *maker);
int catalogue_put_survey(
    struct catalogue *, const char *version_id, const char *maker, const void *, size_t);

#endif
