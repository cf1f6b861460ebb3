/*
 * found - what was found: surveys of versions and answers to questions on demand, opaque bytes in a
 * file of their own, so that a catalogue that is rebuilt loses none.
 *
 * Does not grow for ever: what comes takes some of what has not been used for longest along with
 * it, so opening costs nothing. The functions are those of catalogue.h; those that read wait for
 * nobody who writes.
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

int findings_survey(
    struct findings *, const char *version_id, const char *maker, void **out, size_t *len);
int	findings_use_survey(struct findings *, const char *version_id, const char *maker);
int findings_put_survey(
    struct findings *, const char *version_id, const char *maker, const void *, size_t);
int findings_answer(struct findings *, const char *key, void **out, size_t *len, int64_t *asked);
int findings_put_answer(struct findings *, const char *key, const void *, size_t, int64_t asked);

#endif
