/*
 * questions - what each kind of on_demand question asks of the org, and how its answer is kept.
 *
 * The catalogue keeps the last answer to every question, so mounts of one org share them. Documents
 * and versions that come with an answer are put into the catalogue; documents that it did not have
 * are not listed there.
 *
 * Knows nothing of the requests that wait. Any thread; questions_ask blocks.
 */
#pragma once

#include "internal.h"
#include "on_demand.h"

#define QUESTIONS_REFRESH	(-1)
/* ms for which an answer is fresh; 0: always stale; QUESTIONS_REFRESH: the option says. */
int64_t	questions_fresh_for(enum on_demand_kind);
/* Asks the org, and keeps the answer, which is the caller's until answers_put. */
int	questions_ask(const struct updater *, enum on_demand_kind, const char *subject,
    const struct answer **out);
/* The answer that is kept. -ENOENT: there is none, or it is older than the catalogue, which may not
 * have what it names. */
int	questions_recall(const struct updater *, enum on_demand_kind, const char *subject,
    const struct answer **out);
