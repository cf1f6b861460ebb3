/*
 * A survey as bytes: a name and version, then numbers (7 bits a byte, least significant first)
 * and strings (length, bytes), in the order of struct view_survey. The same functions pack and
 * unpack, so that the two cannot differ.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "survey.h"

static const char magic[] = "sffs view " VIEW_RENDERER "\n";

struct packer {
	struct buf	*out;		/* NULL: unpacking */
	const unsigned char *in, *end;
	int		 rc;
};

static void
pack_number(struct packer *p, uint64_t *n)
{
	if (p->out) {
		uint64_t v = *n;

		for (; v >= 0x80; v >>= 7)
			buf_putc(p->out, (char)(v | 0x80));
		buf_putc(p->out, (char)v);
		return;
	}
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64 && p->in < p->end; shift += 7) {
		unsigned char c = *p->in++;

		if (shift == 63 && c > 1)
			break;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*n = v;
			return;
		}
	}
	p->in = p->end;
	p->rc = -EINVAL;
}

/* The next n bytes, or NULL if there are fewer. */
static const char *
unpack_bytes(struct packer *p, uint64_t n)
{
	if (n > (uint64_t)(p->end - p->in)) {
		p->rc = -EINVAL;
		return NULL;
	}
	p->in += n;
	return (const char *)p->in - n;
}

static void
pack_string(struct packer *p, char *s, size_t size)
{
	uint64_t len = p->out ? strlen(s) : 0;

	pack_number(p, &len);
	if (p->out) {
		buf_put(p->out, s, len);
		return;
	}
	const char *from = unpack_bytes(p, len);
	if (!from || len >= size || memchr(from, '\0', len)) {
		p->rc = -EINVAL;
		return;
	}
	memcpy(s, from, len);
	s[len] = '\0';
}

static void
pack_flag(struct packer *p, bool *b)
{
	uint64_t n = *b;

	pack_number(p, &n);
	*b = n == 1;
	if (n > 1)
		p->rc = -EINVAL;
}

static void
pack_key(struct packer *p, struct keys *keys, size_t i)
{
	uint64_t n = 0;
	size_t len = 0;
	const char *name = p->out ? keys_get(keys, i, &len) : NULL;

	n = len;
	pack_number(p, &n);
	if (p->out) {
		buf_put(p->out, name, len);
	} else if ((name = unpack_bytes(p, n))) {
		if (n == 0 || n > KEYS_BYTES - keys->bytes.len + KEYS_LONGEST)
			p->rc = -EINVAL;
		else if (keys_append(keys, name, n) < 0)
			p->rc = -ENOMEM;
	}
}

static void
pack_columns(struct packer *p, struct view_survey *s)
{
	uint64_t n = s->keys.n;

	pack_number(p, &n);
	if (!p->out && (n > KEYS_MOST || n > (uint64_t)(p->end - p->in)))
		p->rc = -EINVAL;
	if (!p->out && p->rc == 0 && n > 0 && !(s->columns = calloc(n, sizeof(*s->columns))))
		p->rc = -ENOMEM;
	for (uint64_t i = 0; i < n && p->rc == 0; i++) {
		pack_key(p, &s->keys, i);
		uint64_t begin = i ? s->columns[i - 1] : 0, size = s->columns[i] - begin;
		pack_number(p, &size);
		if (__builtin_add_overflow(begin, size, &s->columns[i]))
			p->rc = -EINVAL;
	}
	if (!p->out && p->rc == 0)
		p->rc = keys_end(&s->keys);
}

static void
pack_survey(struct packer *p, struct view_survey *s)
{
	uint64_t delimiter = (unsigned char)s->cells.delimiter;

	pack_number(p, &s->source_size);
	pack_string(p, s->encoding, sizeof(s->encoding));
	pack_number(p, &delimiter);
	if (delimiter == 0 || delimiter > 0xff)
		p->rc = -EINVAL;
	s->cells.delimiter = (char)delimiter;
	pack_number(p, &s->cells.max_field);
	if (s->cells.max_field < CELLS_LONGEST_MIN || s->cells.max_field > CELLS_LONGEST_MAX)
		p->rc = -EINVAL;
	pack_number(p, &s->skip);
	if (s->skip > TEXT_SAMPLE)
		p->rc = -EINVAL;
	pack_flag(p, &s->strict);
	pack_flag(p, &s->marked);
	pack_number(p, &s->width);
	pack_number(p, &s->widest);
	pack_number(p, &s->records);
	pack_number(p, &s->totals.lf);
	pack_number(p, &s->totals.crlf);
	pack_number(p, &s->totals.cr);
	pack_number(p, &s->totals.blank_lines);
	for (size_t i = 0; i < FAULTS; i++)
		pack_number(p, &s->faults[i]);
	pack_number(p, &s->renamed);
	pack_number(p, &s->formulas);
	pack_number(p, &s->rows_offset);
	for (size_t i = 0; i < VIEW_KINDS; i++)
		pack_number(p, &s->sizes[i]);
	pack_columns(p, s);
}

int
view_survey_pack(const struct view_survey *s, struct buf *out)
{
	struct packer p = { .out = out };

	buf_put(out, magic, sizeof(magic) - 1);
	pack_survey(&p, (struct view_survey *)s);	/* packing changes nothing */
	return p.rc < 0 ? p.rc : out->failed ? -ENOMEM : 0;
}

int
view_survey_unpack(const void *data, size_t n, struct view_survey **out)
{
	struct packer p = { .in = data, .end = (const unsigned char *)data + n };
	struct view_survey *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (n < sizeof(magic) - 1 || memcmp(data, magic, sizeof(magic) - 1) != 0) {
		p.rc = -EINVAL;
	} else {
		p.in += sizeof(magic) - 1;
		pack_survey(&p, s);
	}
	if (p.rc == 0 && p.in != p.end)
		p.rc = -EINVAL;
	if (p.rc < 0) {
		view_survey_free(s);
		return p.rc;
	}
	*out = s;
	return 0;
}
