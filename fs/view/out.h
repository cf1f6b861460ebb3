/*
 * out - gathers what is written to a sink into large pieces.
 *
 * A failure is kept in `rc`, and nothing is written after it: callers check it
 * now and then, and at the end. Single thread.
 */
#pragma once

#include <string.h>

#include "chars.h"
#include "view.h"

#define OUT_SIZE	(128 * 1024)
#define OUT_STRIDE	32u

struct out {
	const struct view_sink *sink;
	uint64_t	 written;	/* bytes, with those that still gather */
	int		 rc;		/* -EIO: more bytes than `most` */
	/* private */
	uint64_t	 most;
	char		*data, *end, *limit;
};

int	out_open(struct out *, const struct view_sink *, uint64_t most);
char	*out_room(struct out *, size_t n);	/* room for n <= OUT_SIZE bytes; then out_put_to */
void	out_put_to(struct out *, char *end);	/* the end of what was put in that room */
void	out_put(struct out *, const char *, size_t);
void	out_putc(struct out *, char);
void	out_repeat(struct out *, char, uint64_t n);
int	out_flush(struct out *);			/* rc */
void	out_close(struct out *);			/* flushes nothing */

/* Copies n bytes in strides: reads and writes up to OUT_STRIDE bytes more. Returns the end of the n
 * bytes. */
static inline char *
out_stride(char *to, const char *p, size_t n)
{
	for (size_t done = 0; done < n; done += OUT_STRIDE)
		memcpy(to + done, p + done, OUT_STRIDE);
	return to + n;
}

/* Text of any length in a form; valid: it is UTF-8. */
void	out_text(struct out *, enum chars_form, const char *, size_t, bool valid);
