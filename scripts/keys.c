/*
 * keys - prints the keys of the config as items of an mdoc(7) list, for sffs.conf(5): what the
 * program knows is what the manual says.
 */
#include <stdio.h>

#include "auth/buf.h"
#include "auth/option.h"

int
main(void)
{
	struct buf keys = BUF_INIT;

	option_mdoc(&keys);
	int rc = keys.failed || fputs(buf_str(&keys), stdout) < 0 || fflush(stdout) != 0;
	buf_free(&keys);
	return rc;
}
