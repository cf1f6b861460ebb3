/* Any bytes as a packed survey: it is valid, or is refused. */
#include <errno.h>
#include <string.h>

#include "fs/view/view.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view_survey *s = NULL;
	uint64_t off, bytes;
	size_t len;

	int rc = view_survey_unpack(data, size, &s);
	MUST(rc == 0 || rc == -EINVAL);
	if (rc < 0)
		return 0;
	for (size_t i = 0; i < view_column_count(s); i++) {
		const char *key = view_column_key(s, i, &len);

		MUST(len == 0 || memchr(key, 0, len) != key + len);
		view_column_range(s, i, &off, &bytes);
	}
	for (int kind = 0; kind < VIEW_KINDS; kind++)
		if (view_check(s, (enum view_kind)kind) == 0)
			view_size(s, (enum view_kind)kind);
	view_survey_free(s);
	return 0;
}
