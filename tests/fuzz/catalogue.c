/*
 * A catalogue with a damaged file opens, perhaps begun anew, and everything that it returns can be
 * used. The input: places in the file and new bytes (three bytes and one); or, with a first byte
 * from 128 on, the file itself.
 */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/buf.h"
#include "fs/catalogue/catalogue.h"
#include "fs/name.h"
#include "fuzz.h"

#define DOCUMENTS	40

static char dir[] = "/tmp/sffs-fuzz-catalogue-XXXXXX";
static char file[128];			/* that of the documents */
static struct buf good = BUF_INIT;	/* its bytes before the damage */

static int
put(struct catalogue *c, unsigned i)
{
	char id[19], name[32], title[32];
	struct document d = { .title = title,
		.content_size = 10,
		.created = 1700000000000 + i,
		.system_modstamp = 1700000000000,
		.checksum = "x" };

	snprintf(id, sizeof(id), "0695g00002B%04uAA1", i);
	snprintf(title, sizeof(title), "Document %u", i / 2);
	snprintf(name, sizeof(name), "Document %u (%u)", i / 2, i);
	strcpy(d.id, id);
	strcpy(d.version_id, id);
	d.version_id[2] = '8';
	d.key = d.version_key = i + 1;
	return catalogue_put(c, &d, (const char *const[]){ title, NULL, name });
}

static void
read_whole(const char *path, struct buf *out)
{
	char piece[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	MUST(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(out, piece, n);
	fclose(f);
	MUST(!out->failed);
}

static void
make(void)
{
	struct catalogue *c = NULL;
	char pattern[64];
	glob_t found;

	MUST(mkdtemp(dir));
	MUST(catalogue_open(dir, name_hash_of(NAME_UNIX), &c) == 0 && catalogue_begin(c) == 0);
	for (unsigned i = 0; i < DOCUMENTS; i++)
		MUST(put(c, i) == 0);
	MUST(catalogue_put_filled(c) == 0 && catalogue_end(c, 0) == 0);
	catalogue_close(c);
	snprintf(pattern, sizeof(pattern), "%s/catalogue-*.db", dir);
	MUST(glob(pattern, 0, NULL, &found) == 0);
	snprintf(file, sizeof(file), "%s", found.gl_pathv[0]);
	globfree(&found);
	read_whole(file, &good);
}

static void
clean(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	MUST(d);
	while ((e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);	/* . and .. are no files */
	closedir(d);
}

/* Leaves only the damaged file. */
static void
damage(const uint8_t *data, size_t size)
{
	clean();
	FILE *f = fopen(file, "wb");
	MUST(f);
	if (size && data[0] >= 128) {
		fwrite(data + 1, 1, size - 1, f);
	} else {
		fwrite(good.data, 1, good.len, f);
		for (size_t i = 1; i + 4 <= size; i += 4) {
			fseek(f,
			    (long)(((size_t)data[i] << 16 | data[i + 1] << 8 | data[i + 2]) %
				good.len),
			    SEEK_SET);
			fputc(data[i + 3], f);
		}
	}
	MUST(fclose(f) == 0 && chmod(file, 0600) == 0);
}

static bool
see(void *ctx, const struct document *d)
{
	unsigned *n = ctx;

	MUST(d->name && strlen(d->id) <= 18);
	return ++*n < 10000;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct catalogue *c = NULL;
	struct catalogue_totals totals;
	struct document d;
	unsigned n = 0;

	if (!good.len)
		make();
	damage(data, size);
	MUST(catalogue_open(dir, name_hash_of(NAME_UNIX), &c) == 0);
	catalogue_list(c, 0, see, &n);
	catalogue_totals(c, &totals);
	if (catalogue_by_name(c, "Document 3", &d) == 0)
		document_free(&d);
	if (catalogue_by_key(c, 3, &d) == 0)
		document_free(&d);
	int rc = catalogue_begin(c);
	if (rc == 0) {
		rc = put(c, DOCUMENTS + 1);
		if (rc == 0)
			rc = catalogue_remove(c, "0695g00002B0003AA1", true);
		if (rc == 0)
			catalogue_end(c, 0);
		else
			catalogue_end(c, -EINTR);
	}
	catalogue_close(c);
	MUST(catalogue_open(dir, name_hash_of(NAME_UNIX), &c) == 0);
	catalogue_close(c);
	return 0;
}
