/*
 * found - what was found: surveys of versions and answers to questions on demand, opaque bytes in a file of their own,
 * so that a catalogue that is rebuilt loses none.
 *
 * Does not grow for ever: what comes takes some of what has not been used for longest along with it, so opening costs
 * nothing. The functions are those of catalogue.h; those that read wait for nobody who writes.
 *
 * Knows nothing of documents. Any thread; processes may share the file.
 */
#ifndef FS_CATALOGUE_FOUND_H
#define FS_CATALOGUE_FOUND_H

#include <stddef.h>
#include <stdint.h>

struct found;

int	found_open(const char *dir, struct found **out);
void	found_close(struct found *);

int	found_survey(struct found *, const char *version_id, const char *maker, void **out, size_t *len);
int	found_use_survey(struct found *, const char *version_id, const char *maker);
int	found_put_survey(struct found *, const char *version_id, const char *maker, const void *, size_t);
int	found_answer(struct found *, const char *key, void **out, size_t *len, int64_t *asked);
int	found_put_answer(struct found *, const char *key, const void *, size_t, int64_t asked);

#endif
