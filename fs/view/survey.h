/*
 * survey - what is known of a document after one pass over it.
 *
 * It has all that a render needs, and its size does not grow with the document.
 * surveyor.c makes it; pack.c turns it into bytes and back: a field that is added
 * here is added there, and VIEW_RENDERER goes up.
 *
 * Any thread: it never changes.
 */
#pragma once

#include "cells.h"
#include "keys.h"
#include "text.h"
#include "view.h"

struct view_survey {
	/* how it is read */
	uint64_t	 source_size;
	char		 encoding[TEXT_NAME];
	struct cells_options cells;
	uint64_t	 skip;		/* bytes of text before the header: a sep= line */
	bool		 strict;

	/* what there is */
	bool		 marked;	/* with a byte order mark */
	uint64_t	 width;		/* cells of the header */
	uint64_t	 widest;	/* cells of the widest record, the header among them */
	uint64_t	 records;	/* without the header */
	struct cell_totals totals;
	uint64_t	 faults[FAULTS];
	uint64_t	 renamed;	/* keys that are not the header's cell */
	uint64_t	 formulas;	/* cells that a spreadsheet would take for formulas */

	/* what the views are */
	uint64_t	 rows_offset;
	uint64_t	 sizes[VIEW_KINDS];
	struct keys	 keys;
	uint64_t	*columns;	/* where each of keys.n columns ends in VIEW_COLUMNS */
};

#define SURVEY_ERRORS_HEADER	"offset\trecord\tcolumn\tcode\n"

bool	survey_clean(const struct view_survey *);	/* nothing was odd */
bool	survey_too_large(const struct view_survey *, enum view_kind);	/* it would fill any disk */
void	survey_put_info(const struct view_survey *, struct buf *out);	/* info.tsv */
/* Opens the text after a sep= line. */
int	survey_open_text(const struct view_survey *, const struct view_source *, struct text *out);
