/* A directory of files becomes documents, versions, libraries and accounts. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/buf.h"

#include "tests/org/directory.h"
#include "tests/tap.h"

static const struct {
	const char *path, *bytes;	/* NULL: a directory */
} files[] = {
	{ "b.csv", "b" }, { "a.txt", "aa" }, { "noext", "" }, { ".hidden", "h" }, { "many.dots.tar.gz", "g" },
	{ "Hist.versions", NULL }, { "Hist.versions/10.csv", "ten" }, { "Hist.versions/2.txt", "two" }, { "Hist.versions/1.csv", "one" },
	{ "Hist.versions/notes", "left out" },
	{ "Sales", NULL }, { "Sales/a.txt", "another a" }, { "Sales/Deep", NULL }, { "Sales/Deep/Deeper", NULL }, { "Sales/Deep/Deeper/d.txt", "d" },
	{ "Acme.account", NULL }, { "Acme.account/letter.txt", "l" }, { "Acme.account/sub", NULL }, { "Acme.account/sub/s.txt", "s" },
};

/* title, path of the latest version, versions, library, folder, account; in the order of their paths */
static const char want[] =
	".hidden|.hidden|1|-|-|-\n"
	"letter|letter.txt|1|-|-|Acme\n"
	"s|s.txt|1|-|-|Acme\n"
	"Hist|Hist.csv|3|-|-|-\n"
	"d|d.txt|1|Sales|Deeper|-\n"
	"a|a.txt|1|Sales|Sales|-\n"
	"a|a.txt|1|-|-|-\n"
	"b|b.csv|1|-|-|-\n"
	"many.dots.tar|many.dots.tar.gz|1|-|-|-\n"
	"noext|noext|1|-|-|-\n";

static int
make(const char *dir)
{
	char path[512];
	FILE *f;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i].path);
		if (!files[i].bytes) {
			if (mkdir(path, 0700) != 0)
				return -1;
			continue;
		}
		f = fopen(path, "w");
		if (!f)
			return -1;
		fputs(files[i].bytes, f);
		fclose(f);
	}
	snprintf(path, sizeof(path), "%s/link.txt", dir);
	if (symlink("/etc/hostname", path) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/pipe", dir);
	return mkfifo(path, 0600);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static const char *
place_name(const struct data *d, enum place_kind kind, uint32_t number)
{
	return number == DOCUMENT_NONE ? "-" : data_place(d, kind, number)->name;
}

static void
describe(struct data *d, struct buf *out)
{
	struct document space;

	for (uint32_t i = 0; i < data_document_count(d); i++) {
		const struct document *doc = data_document(d, i, &space);
		char title[VALUE_SPACE], path[VALUE_SPACE];

		data_title(d, doc, title);
		data_path_on_client(d, doc, &doc->versions[doc->count - 1], path);
		buf_printf(out, "%s|%s|%u|%s|%s|%s\n", title, path, doc->count, place_name(d, PLACE_LIBRARY, doc->library),
		    place_name(d, PLACE_FOLDER, doc->folder), place_name(d, PLACE_ACCOUNT, doc->account));
	}
}

int
main(void)
{
	char dir[] = "/tmp/sffs-org-test.XXXXXX";
	struct buf out = BUF_INIT;
	struct data *d = NULL;
	struct document space;

	if (!ok(mkdtemp(dir) && make(dir) == 0, "a directory"))
		return tap_done();
	ok(data_new(&d) == 0 && directory_load(d, dir) == 0, "is loaded");
	describe(d, &out);
	is_str(buf_str(&out), want, "files are documents, in the order of their paths; links and pipes are left out");
	const struct document *hist = data_document(d, 3, &space);
	is_str(hist->versions[0].md5, "f97c5d29941bfb1b2fdab0874906ab82", "version 1 is the first");
	is_str(hist->versions[2].md5, "b1b9a972ccd8c962a473909b97007eb4", "and 10 comes behind 2");
	is_int(hist->versions[2].size, 3, "with its size");
	struct data *none = NULL;
	ok(data_new(&none) == 0 && directory_load(none, "/nonexistent") != 0, "a directory that there is not is an error");
	data_free(none);
	data_free(d);
	buf_free(&out);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
