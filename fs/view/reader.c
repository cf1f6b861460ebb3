#include <string.h>

#include "auth/utf8.h"
#include "chars.h"

#include "reader.h"

int
reader_tell(struct reader *r, enum fault_code code, uint64_t offset, uint64_t column)
{
	if (r->told & 1u << code)
		return 0;
	r->told |= 1u << code;
	if (!r->sink->fault)
		return 0;
	return r->sink->fault(r->sink->ctx, &(struct fault){ code, offset, r->record, column });
}

int
reader_judge(struct reader *r, struct cell *c)
{
	if (!chars_valid(c->p, c->len)) {
		c->flags |= CELL_INVALID;
		return reader_tell(r, FAULT_INVALID_UTF8, r->cell_at, r->column + 1);
	}
	if (r->text->replaces && memmem(c->p, c->len, UTF8_REPLACEMENT, 3))
		return reader_tell(r, FAULT_UNDECODABLE, r->cell_at, r->column + 1);
	return 0;
}

int
reader_end_record(struct reader *r, enum row_end end, uint64_t end_at)
{
	int rc = 0;

	if (r->width == 0) {
		r->width = r->column;
		r->style = end;
	}
	r->told = 0;
	if (r->column != r->width)
		rc = reader_tell(r, r->column < r->width ? FAULT_SHORT_RECORD : FAULT_LONG_RECORD,
		    r->record_at, r->column);
	if (rc == 0 && end == ROW_CR && r->style != ROW_CR)
		rc = reader_tell(r, FAULT_BARE_CR, end_at, r->column);
	r->told = 0;
	r->record++;
	r->column = 0;
	return rc;
}
