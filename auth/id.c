#include "id.h"

#include <ctype.h>
#include <string.h>

bool
id_read(const char *s, char out[19])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
	size_t len = strlen(s);
	char id[19];

	if (len != 15 && len != 18)
		return false;
	for (size_t i = 0; i < 15; i++)
		if (!isalnum((unsigned char)s[i]))
			return false;
	memcpy(id, s, 15);
	for (unsigned group = 0; group < 3; group++) {
		unsigned bits = 0;

		for (unsigned i = 0; i < 5; i++)
			if (isupper((unsigned char)s[5 * group + i]))
				bits |= 1u << i;
		id[15 + group] = digits[bits];
	}
	id[18] = '\0';
	if (len == 18 && memcmp(s + 15, id + 15, 3) != 0)
		return false;
	memcpy(out, id, sizeof(id));
	return true;
}
