/* HTML of any bytes as text: the text is not longer than the HTML. */
#include "fs/content/note.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;

	note_put_text(&text, (const char *)data, size);
	MUST(!text.failed);
	MUST(text.len <= 4 * size + 16);
	buf_free(&text);
	return 0;
}
