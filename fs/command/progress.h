/*
 * progress - shows how far the first fill of the catalogue is: a line that is overwritten on a
 * terminal, a line of the log each minute elsewhere, and the status of the unit for systemd. A
 * signal that ends the fill is answered with what is kept of it.
 *
 * Single thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	int		 systemd;	/* systemd_open's */
	time_t		 begun;		/* when the first page came; 0: not yet */
	time_t		 logged;	/* the last line of the log */
	uint64_t	 had;		/* documents when it began */
	bool		 terminal;	/* of standard error */
};

/* After each page of a first fill; ctx is a struct progress. */
void	progress_show(void *ctx, uint64_t documents, uint64_t total, unsigned calls);
void	progress_end(struct progress *);
