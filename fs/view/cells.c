
#include <string.h>

#include "careful.h"
#include "chars.h"
#include "split.h"

#include "cells.h"

static const char *const fault_names[FAULTS] = {
#define X(name, code) code,
	CELL_FAULTS(X)
#undef X
};

const char *
cells_fault_name(enum fault_code code)
{
	return fault_names[code];
}

size_t
cells_fault_length(const struct fault *f)
{
	static const uint8_t lengths[FAULTS] = {
#define X(name, code) sizeof("\t\t\t" code "\n") - 1,
		CELL_FAULTS(X)
#undef X
	};

	return chars_number_length(f->offset) + chars_number_length(f->record) +
	    chars_number_length(f->column) + lengths[f->code];
}

char *
cells_put_fault(char *out, const struct fault *f)
{
	const uint64_t numbers[] = { f->offset, f->record, f->column };

	for (size_t i = 0; i < 3; i++) {
		out = chars_put_number(out, numbers[i]);
		*out++ = '\t';
	}
	out = stpcpy(out, fault_names[f->code]);
	*out++ = '\n';
	return out;
}

/* split reads as far as it can. careful reads the cell at which split stops. */
static int
read_cells(struct reader *r, struct careful *careful, bool split)
{
	struct text *t = r->text;
	bool last = false;
	int rc = 0;

	while (rc == 0 && !last) {
		rc = text_fill(t, 1);
		if (rc == 0 && split && t->begin < t->end && (rc = split_read(r)) == 0)
			rc = text_fill(t, 1);
		last = t->begin == t->end;
		if (rc == 0)
			rc = careful_read(careful, r);
	}
	return rc;
}

int
cells_read(struct text *t, const struct cells_options *o, const struct cell_sink *sink,
    struct cell_totals *totals)
{
	struct cell_totals unused;
	struct reader r = { .text = t,
		.sink = sink,
		.totals = totals ? totals : &unused,
		.delimiter = o->delimiter,
		.max_field = (size_t)o->max_field };
	struct careful careful;
	int rc = text_fill(t, 1);	/* passes over the byte order mark */

	*r.totals = (struct cell_totals){ 0 };
	r.record_at = r.cell_at = t->dropped;
	if (rc == 0)
		rc = careful_open(&careful, o->delimiter);
	if (rc == 0) {
		rc = read_cells(&r, &careful, !o->careful);
		careful_close(&careful);
	}
	return rc;
}
