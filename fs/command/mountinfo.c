#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mountinfo.h"

/* The kernel writes blanks, line ends and backslashes as \040 and so on. In place. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	*to = '\0';
}

/* "42 27 0:40 / TARGET OPTIONS [more...] - TYPE SOURCE OPTIONS": see proc(5). */
static bool
split(char *line, char *fields[3])
{
	char *rest = strstr(line, " - "), *save;

	if (!rest)
		return false;
	*rest = '\0';
	char *target = strtok_r(line, " ", &save);
	for (int i = 0; target && i < 4; i++)
		target = strtok_r(NULL, " ", &save);
	fields[0] = strtok_r(rest + 3, " ", &save);
	fields[1] = strtok_r(NULL, " ", &save);
	fields[2] = target;
	for (int i = 0; i < 3; i++) {
		if (!fields[i])
			return false;
		unescape(fields[i]);
	}
	return true;
}

int
mountinfo_read(mountinfo_each *each, void *ctx)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *fields[3];
	size_t size = 0;
	int rc = f ? 0 : -errno;

	while (f && getline(&line, &size, f) > 0)
		if (split(line, fields) && !each(ctx, fields[0], fields[1], fields[2]))
			break;
	if (f && ferror(f))
		rc = -EIO;
	free(line);
	if (f)
		fclose(f);
	return rc;
}
