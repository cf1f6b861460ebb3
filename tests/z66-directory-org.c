/* A directory of files becomes documents, versions, libraries and accounts. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/buf.h"

#include "tests/org/directory.h"
#include "tap.h"

static const struct {
	const char *path, *bytes;	/* NULL: a directory */
} files[] = {
	{ "b.csv", "b" },
	{ "a.txt", "aa" },
	{ "noext", "" },
	{ ".hidden", "h" },
	{ "many.dots.tar.gz", "g" },
	{ "Hist.versions", NULL },
	{ "Hist.versions/10.csv", "ten" },
	{ "Hist.versions/2.txt", "two" },
	{ "Hist.versions/1.csv", "one" },
	{ "Hist.versions/notes", "left out" },
	{ "Sales", NULL },
	{ "Sales/a.txt", "another a" },
	{ "Sales/Deep", NULL },
	{ "Sales/Deep/Deeper", NULL },
	{ "Sales/Deep/Deeper/d.txt", "d" },
	{ "Acme.account", NULL },
	{ "Acme.account/letter.txt", "l" },
	{ "Acme.account/sub", NULL },
	{ "Acme.account/sub/s.txt", "s" },
	{ "Acme.account/Jane Doe.contact", NULL },
	{ "Acme.account/Jane Doe.contact/cv.pdf", "cv" },
	{ "Deal.opportunity", NULL },
	{ "Deal.opportunity/offer.txt", "o" },
	{ "Old.archived", NULL },
	{ "Old.archived/old.txt", "old" },
	{ "Old.archived/Deal.opportunity", NULL },
	{ "Old.archived/Deal.opportunity/x.txt", "x" },
	{ "bob.brown.user", NULL },
	{ "bob.brown.user/his.txt", "his" },
	{ "nobody.user", NULL },
	{ "nobody.user/left.txt", "left out" },
	{ "Idea.snote", "<p>idea</p>" },
	{ "Page.link", "https://www.example.com/\nmore" },
	{ "Sheet.external", "GOOGLE_SPREADSHEET\n" },
};

/* title, path of the latest version, versions, owner, library, folder, record, other properties;
 * in the order of their paths */
static const char want[] =
	".hidden|.hidden|1|0|-|-|-|\n"
	"cv|cv.pdf|1|1|-|-|Jane Doe|\n"
	"letter|letter.txt|1|1|-|-|Acme|\n"
	"s|s.txt|1|1|-|-|Acme|\n"
	"offer|offer.txt|1|1|-|-|Deal|recorded\n"
	"Hist|Hist.csv|3|0|-|-|-|\n"
	"Idea|Idea.snote|1|0|-|-|-|\n"
	"x|x.txt|1|1|-|-|Deal|archived\n"
	"old|old.txt|1|0|-|-|-|archived\n"
	"Page|Page|1|0|-|-|-|link https://www.example.com/\n"
	"d|d.txt|1|0|Sales|Deeper|-|\n"
	"a|a.txt|1|0|Sales|Sales|-|\n"
	"Sheet|Sheet|1|0|-|-|-|external GOOGLE_SPREADSHEET\n"
	"a|a.txt|1|0|-|-|-|shared recorded\n"
	"b|b.csv|1|0|-|-|-|\n"
	"his|his.txt|1|2|-|-|-|\n"
	"many.dots.tar|many.dots.tar.gz|1|0|-|-|-|\n"
	"noext|noext|1|0|-|-|-|\n";

/* Symbolic links: place and target. */
static const char *const links[][2] = {
	{ "link.txt", "/etc/hostname" },
	{ "Sales/host.txt", "/etc/hostname" },
	{ "Sales/a-too.txt", "../a.txt" },
	{ "Acme.account/a.txt", "../a.txt" },
	{ "Acme.account/again.txt", "letter.txt" },
	{ "Acme.account/Jane Doe.contact/offer.txt", "../../Deal.opportunity/offer.txt" },
	{ "Acme.account/broken", "nowhere" },
	{ "Acme.account/dir", "../Sales" },
};

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
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, links[i][0]);
		if (symlink(links[i][1], path) != 0)
			return -1;
	}
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
	return number == DOCUMENT_NONE ? "-" : place_get(d, kind, number)->name;
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
		buf_printf(out, "%s|%s|%u|%u|%s|%s|%s|", title, path, doc->count, doc->owner,
		    place_name(d, PLACE_LIBRARY, doc->library),
		    place_name(d, PLACE_FOLDER, doc->folder),
		    place_name(d, doc->record_kind, doc->record));
		buf_printf(out, "%s%s%s%s%s%s%s%s\n",
		    doc->state & DOCUMENT_ARCHIVED ? "archived" : "", doc->url ? "link " : "",
		    doc->url ? doc->url : "", doc->external ? "external " : "",
		    doc->external ? doc->external : "", doc->users ? "shared" : "",
		    doc->users && doc->recorded ? " " : "", doc->recorded ? "recorded" : "");
	}
}

int
main(void)
{
	char dir[] = "/tmp/sffs-org-test.XXXXXX";
	struct buf out = BUF_INIT;
	struct data *d = NULL;
	struct document space;

	if (!ok(mkdtemp(dir) && make(dir) == 0, "a data directory is made"))
		return tap_done();
	ok(data_new(&d) == 0 && directory_load(d, dir) == 0, "a data directory is loaded");
	describe(d, &out);
	is_str(buf_str(&out), want, "files are documents, in the order of their paths");
	const struct document *hist = data_document(d, 5, &space);
	is_str(hist->versions[0].md5, "f97c5d29941bfb1b2fdab0874906ab82", "version 1 is the first");
	is_str(hist->versions[2].md5, "b1b9a972ccd8c962a473909b97007eb4",
	    "version 10 comes behind version 2");
	is_int(hist->versions[2].size, 3, "a version has its size");
	const struct place *jane = place_get(d, PLACE_CONTACT, 0),
			   *deal = place_get(d, PLACE_OPPORTUNITY, 0);
	ok(jane->parent == 0 && deal->parent == DOCUMENT_NONE &&
		place_count(d, PLACE_OPPORTUNITY) == 1,
	    "a contact belongs to its account");
	struct data *none = NULL;
	ok(data_new(&none) == 0 && directory_load(none, "/nonexistent") != 0,
	    "an unknown directory is an error");
	data_free(none);
	data_free(d);
	buf_free(&out);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
