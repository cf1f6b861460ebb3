#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/log.h"
#include "fs/rest/rest.h"
#include "fs/store/store.h"

#include "download.h"

struct download
download_of(const struct document *d)
{
	struct download v = {
		.name = document_content(d), .size = (uint64_t)d->content_size
	};
	const char *md5 = document_md5(d);

	memcpy(v.id, d->version_id, sizeof(v.id));
	strcpy(v.md5, md5 ? md5 : "");
	v.tabs = d->file_extension &&
	    (strcasecmp(d->file_extension, "tsv") == 0 ||
		strcasecmp(d->file_extension, "tab") == 0);
	v.note = document_is_note(d);
	v.elsewhere = document_is_elsewhere(d);
	return v;
}

static int
log_elsewhere(const struct download *v)
{
	log_warn_once("content",
	    "%s: stored outside Salesforce (Google Drive, SharePoint or the like), so it cannot be "
	    "read here; to leave such files out: "
	    "filter = LatestPublishedVersion.ContentLocation = 'S'",
	    v->name.s);
	return -EOPNOTSUPP;
}

static int
log_gone(const struct download *v)
{
	log_warn("content",
	    "%s: Salesforce does not have this version any more, or the user may not see it",
	    v->name.s);
	return -ENOENT;
}

struct fetch {
	struct rest	*rest;
	struct download	 version;
};

static int
fill_by_fetch(void *ctx, struct blob *blob)
{
	struct fetch *f = ctx;
	const struct rest_sink sink = { blob_append, blob_restart, blob_filled, blob_unwanted,
		blob, *f->version.md5 };

	int rc = rest_version_data(f->rest, f->version.name.s, f->version.size, &sink);
	if (rc == -ENOENT)
		rc = f->version.elsewhere ? log_elsewhere(&f->version) : log_gone(&f->version);
	return rc;
}

int
download_open(struct store *store, struct rest *rest, const struct download *v, struct blob **out)
{
	if (v->elsewhere && v->size == 0)
		return log_elsewhere(v);
	struct fetch *f = malloc(sizeof(*f));
	if (!f)
		return -ENOMEM;
	*f = (struct fetch){ .rest = rest, .version = *v };
	return store_get(store,
	    &(struct store_want){ .name = v->name.s,
		.size = v->size,
		.md5 = *v->md5 ? v->md5 : NULL,
		.class = STORE_FETCH,
		.fill = fill_by_fetch,
		.ctx = f,
		.free_ctx = free },
	    out);
}
