/*
 * findings - surveys of contents and answers to questions on demand: opaque bytes in the catalogue.
 *
 * Their tables do not grow for ever: each put deletes some rows that nobody has put or used for
 * the longest time. Errors are those of catalogue.h. Functions that read wait for nobody; those
 * that write are called within a batch.
 *
 * Knows nothing of documents. Any thread; processes share the catalogue.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct catalogue;

/* Gets the survey of a content by its name (*asked is 0) or, if maker is NULL, an answer. The
 * caller frees *out. -ENOENT: there is none. */
int	findings_get(struct catalogue *, const char *key, const char *maker, void **out,
	    size_t *len,
    int64_t *asked);

/*
 * Surveys: bytes by a content's name and what made them (the number of the code, the CSV options).
 * At most 100,000 are kept.
 */
int	findings_put_survey(
    struct catalogue *, const char *content, const char *maker, const void *, size_t);
/* Notes that a survey is used. If many have come since, it counts as new again: this is a batch. */
int	findings_use_survey(struct catalogue *, const char *content, const char *maker);
/* Answers of the org: bytes by a key, and when it was asked (ms, the caller's clock). Each is kept
 * for 30 days. */
int	findings_put_answer(
    struct catalogue *, const char *key, const void *, size_t, int64_t asked);
