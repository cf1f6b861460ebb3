/* Titles and extensions of any bytes make valid names. The input: rules, Title, NUL, extension. */
#include <string.h>

#include <utf8proc.h>

#include "auth/id.h"
#include "fs/name.h"
#include "fuzz.h"

static void
check_name(const struct name *n, enum name_rules rules)
{
	const size_t len = strlen(n->s);
	utf8proc_int32_t c;

	MUST(len > 0 && len <= NAME_BYTES);
	MUST(n->s[0] != '.' && n->s[0] != '-');
	for (size_t i = 0; i < len;) {
		utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)n->s + i,
		    (utf8proc_ssize_t)(len - i), &c);

		MUST(used > 0);
		MUST(c != '/' && c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
		MUST(rules == NAME_UNIX || !strchr("<>:\"\\|?*", c > 0x7f ? 'x' : c));
		i += (size_t)used;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char id[] = "0695g00002BLnMXAA1";
	struct name n[NAME_CANDIDATES], again;
	char found[19];

	if (size < 1)
		return 0;
	const enum name_rules rules = data[0] & 1 ? NAME_PORTABLE : NAME_UNIX;
	char *title = malloc(size), *ext;
	MUST(title);
	memcpy(title, data + 1, size - 1);
	title[size - 1] = '\0';
	ext = memchr(title, '\0', size - 1);
	ext = ext ? ext + 1 : NULL;

	name_candidates(title, ext, id, rules, n);
	for (size_t i = 0; i < NAME_CANDIDATES; i++)
		if (*n[i].s)
			check_name(&n[i], rules);
	MUST(strstr(n[NAME_CANDIDATES - 1].s, id));		/* no other document has it */
	name_file(title, ext, rules, &again);
	check_name(&again, rules);
	name_safe(title, rules, 0, &n[0]);
	check_name(&n[0], rules);
	name_safe(n[0].s, rules, 0, &again);
	MUST(strcmp(n[0].s, again.s) == 0);			/* a safe name stays as it is */
	MUST(name_hash_of(rules)(n[0].s) == name_hash_of(rules)(again.s));
	if (id_read(title, found))
		MUST(strlen(found) == 18 && name_key(found) != 0 &&
		    name_key(found) < UINT64_C(1) << NAME_KEY_BITS);
	free(title);
	return 0;
}
