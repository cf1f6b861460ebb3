/*
 * out - what is written to a sink, gathered into large pieces.
 *
 * Any failure is kept in `rc` and ends all writing: it is looked at now and
 * then, and at the end. Single thread.
 */
#ifndef FS_VIEW_OUT_H
#define FS_VIEW_OUT_H

#include <string.h>

#include "chars.h"
#include "view.h"

#define OUT_SIZE	(128 * 1024)
#define OUT_STRIDE	32u

struct out {
	const struct view_sink *sink;
	uint64_t	 written;	/* what the sink has got, and what it will get */
	int		 rc;		/* -EIO: more than was promised */
	/* private */
	uint64_t	 most;
	char		*data, *end, *limit;
};

int out_open(struct out *, const struct view_sink *, uint64_t most); /* at most so many bytes */
char *out_room(struct out *, size_t n); /* where n <= OUT_SIZE bytes may be put; then out_put_to */
void	out_put_to(struct out *, char *end);		/* what was put in that room ends here */
void	out_put(struct out *, const char *, size_t);
void	out_putc(struct out *, char);
void	out_repeat(struct out *, char, uint64_t n);
int	out_flush(struct out *);			/* rc */
void	out_close(struct out *);			/* flushes nothing */

/* Copies in strides: up to OUT_STRIDE bytes more are read and written than n. The end of the n
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

#endif
