#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/config.h"
#include "auth/log.h"
#include "fs/name.h"

#include "directories.h"

static int
make_directory(const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	int rc = -errno;
	log_error("sffs", "cannot create %s: %s; set %s to a writable directory", path,
	    strerror(-rc), "cache_dir");
	return rc;
}

/* The catalogue of all listed documents is in data itself. */
static int
name_catalogue(const struct config *c, const char *data, char **out)
{
	const char *archived = c->archived ? "archived" : "", *filter = c->filter ? c->filter : "";
	char *listed = NULL;
	int n = asprintf(&listed, "%s %s", archived, filter);

	if (n < 0)
		return -ENOMEM;
	if (c->filter || c->archived)
		n = asprintf(out, "%s/part-%016llx", data,
		    (unsigned long long)name_hash_of(NAME_UNIX)(listed));
	else
		n = asprintf(out, "%s", data);
	free(listed);
	return n < 0 ? -ENOMEM : 0;
}

int
directories_make(const struct config *c, const char *org_id, const char *user_id,
    struct directories *d)
{
	char *cache = NULL;
	int rc = config_cache_dir(c, &cache);

	if (rc == 0 &&
	    asprintf(&d->data, "%s/%s-%s%s", cache, org_id, user_id,
		c->names == CONFIG_PORTABLE ? "-portable" : "") < 0)
		rc = -ENOMEM;
	if (rc == 0)
		rc = make_directory(d->data);
	if (rc == 0)
		rc = name_catalogue(c, d->data, &d->catalogue);
	if (rc == 0)
		rc = make_directory(d->catalogue);
	if (rc == 0 &&
	    (asprintf(&d->blobs, "%s/blobs", d->data) < 0 ||
		asprintf(&d->turn, "%s/turn.lock", d->catalogue) < 0))
		rc = -ENOMEM;
	free(cache);
	return rc;
}

void
directories_free(struct directories *d)
{
	free(d->data);
	free(d->blobs);
	free(d->catalogue);
	free(d->turn);
}
