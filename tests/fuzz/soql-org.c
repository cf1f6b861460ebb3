/* Any text as a query to the simulated org: it runs, or is refused with a code and a message. */
#include <errno.h>

#include "fuzz.h"
#include "tests/org/data.h"
#include "tests/org/query.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct data *org;
	struct soql_error error = { NULL, BUF_INIT };
	struct buf records = BUF_INIT;
	struct query_rows rows = { 0 };
	struct query *q = NULL;

	if (!org)
		MUST(data_new(&org) == 0 && data_make(org, 60, false) == 0);
	if (size < 1)
		return 0;
	const struct rows_view view = {
		.deleted = data[0] & 1, .all_files = data[0] & 2, .version = data[0] & 4 ? 66 : 50
	};
	const struct query_style style = { .late = data[0] & 8 };
	int rc = query_bind((const char *)data + 1, size - 1, &view, &q, &error);
	if (rc == 0) {
		MUST(query_run(q, org, &rows) == 0);
		query_put_records(q, org, &rows, 0, rows.number || rows.groups ? rows.count : 0,
		    &style, &records);
		query_put_columns(q, &records);
		MUST(!records.failed);
	} else {
		MUST(rc == -EINVAL && error.code && error.message.len > 0);
	}
	query_rows_free(&rows);
	query_free(q);
	buf_free(&error.message);
	buf_free(&records);
	return 0;
}
