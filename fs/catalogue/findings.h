/*
 * findings - surveys of versions and answers to questions on demand: opaque bytes in a file of
 * their own, so that a catalogue that is begun anew loses none.
 *
 * The file does not grow for ever: each row that is put deletes some that were not put or used for
 * longest. A damaged file is replaced by an empty one. Errors are those of catalogue.h. Functions
 * that read wait for nobody; the others wait for another process's writer, 5 s at most.
 *
 * Knows nothing of documents. Any thread; processes may share the file.
 */
#ifndef FS_CATALOGUE_FINDINGS_H
#define FS_CATALOGUE_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

struct findings;

int	findings_open(const char *dir, struct findings **out);
void	findings_close(struct findings *);
/* As catalogue_check and catalogue_interrupt. */
int	findings_check(struct findings *);
void	findings_interrupt(struct findings *);

/*
 * Surveys: bytes by a version's Id and what made them (the number of the code, the CSV options). At
 * most 100,000 are kept. The caller frees *out, here and below. -ENOENT: there is none.
 */
int	findings_survey(
    struct findings *, const char *version_id, const char *maker, void **out, size_t *len);
int	findings_use_survey(struct findings *, const char *version_id, const char *maker);
int	findings_put_survey(
    struct findings *, const char *version_id, const char *maker, const void *, size_t);
/* Answers of the org: bytes by a key, and when it was asked (ms, the caller's clock). Each is kept
 * for 30 days. */
int	findings_answer(
    struct findings *, const char *key, void **out, size_t *len, int64_t *asked);
int	findings_put_answer(
    struct findings *, const char *key, const void *, size_t, int64_t asked);

#endif
