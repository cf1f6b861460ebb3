/*
 * jobs - the jobs of Bulk API 2.0, of queries and of writes.
 *
 * A job is done when it is complete: its rows are found, or its records written, at once. But a
 * client sees the states go by, one with each look (setting job-looks), and the results only at the
 * end.
 *
 * Any thread.
 */
#ifndef ORG_JOBS_H
#define ORG_JOBS_H

#include "tests/org/call.h"

struct jobs;

int	jobs_new(struct jobs **out);
void	jobs_free(struct jobs *);

call_serve jobs_serve_queries, jobs_serve_query, jobs_serve_results, jobs_serve_ingests,
    jobs_serve_ingest, jobs_serve_batches, jobs_serve_outcome;

#endif
