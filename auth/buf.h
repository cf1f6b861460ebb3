/*
 * buf - bytes that grow.
 *
 * A failed allocation is remembered in `failed`, and every later put does
 * nothing: a caller checks once, at the end. `data` always ends in a NUL that
 * `len` does not count.
 *
 * Caller locks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char	*data;		/* NULL until something is put */
	size_t	 len, cap;
	bool	 failed;	/* out of memory; sticks until buf_free */
};

#define BUF_INIT { NULL, 0, 0, false }

bool	buf_reserve(struct buf *, size_t more);		/* makes room for `more` bytes after len */
void	buf_put(struct buf *, const void *, size_t);
void	buf_puts(struct buf *, const char *);
void	buf_putc(struct buf *, char);
void	buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; escaped as by utf8_show; what is not UTF-8 becomes U+FFFD. */
void	buf_put_json(struct buf *, const char *, size_t);
void	buf_put_json_text(struct buf *, const char *);	/* the same for a C string; NULL: null */
/* application/x-www-form-urlencoded, blanks as %20: for a query and for a body. */
void	buf_put_url(struct buf *, const char *, size_t);
/* Appends all that fd has, without growing on the way, which would leave copies of a secret behind.
 * -EFBIG: more than `most` bytes; else what read says. */
int	buf_read(struct buf *, int fd, size_t most);
/* The same for a file. */
int	buf_read_file(struct buf *, const char *path, size_t most);
const char *buf_str(const struct buf *);		/* never NULL; borrowed */
char	*buf_detach(struct buf *);	/* caller frees; NULL if it failed; leaves an empty buf */
void	buf_clear(struct buf *);			/* len = 0; keeps memory and `failed` */
void	buf_free(struct buf *);				/* leaves BUF_INIT */
void	buf_wipe(struct buf *);				/* buf_free, the bytes overwritten first */
