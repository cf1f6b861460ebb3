#include "buf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

bool
buf_reserve(struct buf *b, size_t more)
{
	if (b->failed)
		return false;
	if (more < b->cap - b->len)
		return true;
	size_t cap = b->cap ? b->cap : 64;
	while (cap - b->len <= more && cap <= SIZE_MAX / 2)
		cap *= 2;
	char *data = cap - b->len > more ? realloc(b->data, cap) : NULL;
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	b->data[b->len] = '\0';
	return true;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n))
		return;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_put_json(struct buf *b, const char *s, size_t n)
{
	char shown[8];

	buf_putc(b, '"');
	for (size_t len; n > 0; s += len, n -= len) {
		len = utf8_show(s, n, shown);
		if (*s == '"' || *s == '\\')
			buf_putc(b, '\\');
		buf_puts(b, utf8_len(s, n) ? shown : UTF8_REPLACEMENT);
	}
	buf_putc(b, '"');
}

void
buf_put_json_text(struct buf *b, const char *s)
{
	if (s)
		buf_put_json(b, s, strlen(s));
	else
		buf_puts(b, "null");
}

void
buf_put_url(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (isalnum(c) || (c && strchr("-._~", c)))
			buf_putc(b, (char)c);
		else
			buf_printf(b, "%%%02X", (unsigned)c);
	}
}

int
buf_read(struct buf *b, int fd, size_t most)
{
	const size_t end = b->len + most;

	if (!buf_reserve(b, most + 1))
		return -ENOMEM;
	while (b->len <= end) {
		ssize_t n = read(fd, b->data + b->len, end + 1 - b->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (n == 0)
			return 0;
	}
	return -EFBIG;
}

int
buf_read_file(struct buf *b, const char *path, size_t most)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : buf_read(b, fd, most);

	if (fd >= 0)
		close(fd);
	return rc;
}

const char *
buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *
buf_detach(struct buf *b)
{
	buf_reserve(b, 1);
	if (b->failed) {
		buf_free(b);
		return NULL;
	}
	char *data = b->data;
	*b = (struct buf)BUF_INIT;
	return data;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

void
buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}
