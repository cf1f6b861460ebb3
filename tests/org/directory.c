#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/buf.h"
#include "auth/log.h"

#include "tests/org/directory.h"

#define DEPTH	64

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

/* The title of a file: its name up to the last dot. */
static char *
title_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return strndup(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
by_number(const struct dirent **a, const struct dirent **b)
{
	unsigned long x = strtoul((*a)->d_name, NULL, 10), y = strtoul((*b)->d_name, NULL, 10);

	return x != y ? (x < y ? -1 : 1) : by_name(a, b);
}

static int
no_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int
numbered(const struct dirent *e)
{
	return e->d_name[0] >= '1' && e->d_name[0] <= '9';
}

static void
free_names(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int64_t
mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000;
}

/* A symbolic link, which is resolved after all documents are loaded. */
struct later {
	char		*path;
	struct placing	 at;
	struct later	*next;
};

struct loader {
	struct data	*data;
	struct later	*later, **last;
};

/* The first line of a file, without its line end. */
static int
first_line(const char *path, char out[VALUE_SPACE])
{
	FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	if (!fgets(out, VALUE_SPACE, f))
		out[0] = '\0';
	fclose(f);
	out[strcspn(out, "\r\n")] = '\0';
	return out[0] ? 0 : -EINVAL;
}

static int
add_file(struct data *d, const char *path, const char *name, const struct stat *st,
    const struct placing *at, uint32_t *number)
{
	struct upload up = { .path_on_client = name, .file = path, .modified = mtime_of(st) };
	bool link = ends_with(name, ".link"), external = ends_with(name, ".external");
	char line[VALUE_SPACE], *title = title_of(name);
	int rc = title ? 0 : -ENOMEM;

	if (rc == 0 && (link || external)) {
		rc = first_line(path, line);
		up.file = NULL;
		up.bytes = "";
		up.path_on_client = title;
		*(link ? &up.url : &up.external) = line;
	}
	if (rc == 0)
		rc = data_add_document(d, title, at, &up, up.modified, number);
	free(title);
	return rc;
}

/* One document of the files 1.ext, 2.ext ... */
static int
add_versions(struct data *d, const char *path, const char *name, const struct placing *at,
    uint32_t *out)
{
	struct dirent **names = NULL;
	struct buf file = BUF_INIT, client = BUF_INIT;
	char *title = title_of(name);
	uint32_t number = DOCUMENT_NONE;
	int n = scandir(path, &names, numbered, by_number);
	int rc = n < 0 ? -errno : title ? 0 : -ENOMEM;

	for (int i = 0; i < n && rc == 0; i++) {
		const char *dot = strrchr(names[i]->d_name, '.');
		struct stat st;

		buf_clear(&file);
		buf_printf(&file, "%s/%s", path, names[i]->d_name);
		buf_clear(&client);
		buf_printf(&client, "%s%s", title, dot ? dot : "");
		if (file.failed || client.failed) {
			rc = -ENOMEM;
			break;
		}
		if (lstat(buf_str(&file), &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		struct upload up = { .path_on_client = buf_str(&client),
			.file = buf_str(&file),
			.modified = mtime_of(&st) };
		rc = number == DOCUMENT_NONE ?
		    data_add_document(d, title, at, &up, up.modified, &number) :
		    data_add_version(d, number, &up, up.modified);
	}
	free_names(names, n);
	buf_free(&file);
	buf_free(&client);
	free(title);
	*out = number;
	return rc;
}

static const struct {
	const char *suffix;
	enum place_kind kind;
} records[] = {
	{ ".account", PLACE_ACCOUNT },
	{ ".contact", PLACE_CONTACT },
	{ ".opportunity", PLACE_OPPORTUNITY },
};

/* Enters a record's directory; -ENOENT: the name is not a record's. */
static int
enter_record(struct data *d, const char *name, int64_t now, struct placing *at)
{
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (!ends_with(name, records[i].suffix))
			continue;
		uint32_t parent = at->record_kind == PLACE_ACCOUNT ? at->record : DOCUMENT_NONE;
		char *record = title_of(name);
		int rc = record ? place_want(d, records[i].kind, record, DOCUMENT_NONE, parent, now,
				      &at->record) :
				  -ENOMEM;

		at->record_kind = records[i].kind;
		at->owner = DATA_RUN_AS + 1;	/* so that only the link leads to it */
		free(record);
		return rc;
	}
	return -ENOENT;
}

static int
enter_user(const char *name, struct placing *at)
{
	char *user = title_of(name), username[128];
	bool found;

	snprintf(username, sizeof(username), "%s@example.com", user ? user : "");
	found = data_find_user(username, &at->owner);
	free(user);
	return found ? 0 : -EINVAL;
}

/* Finds the place for the files of the directory `name` below `at`. */
static int
enter(struct data *d, const char *name, const struct stat *st, unsigned depth, struct placing *at)
{
	int rc = enter_record(d, name, mtime_of(st), at);

	if (rc != -ENOENT)
		return rc;
	if (ends_with(name, ".archived")) {
		at->archived = true;
		return 0;
	}
	if (ends_with(name, ".user"))
		return enter_user(name, at);
	if (at->record != DOCUMENT_NONE || at->owner != DATA_RUN_AS)
		return 0;
	if (at->library != DOCUMENT_NONE)
		return place_want(d, PLACE_FOLDER, name, at->library, at->folder, mtime_of(st),
		    &at->folder);
	if (depth > 0)
		return 0;
	rc = place_want(d, PLACE_LIBRARY, name, DOCUMENT_NONE, DOCUMENT_NONE, mtime_of(st),
	    &at->library);
	if (rc == 0)
		at->folder = place_root(d, at->library);
	return rc;
}

static int
add_later(struct loader *l, const char *path, const struct placing *at)
{
	struct later *later = calloc(1, sizeof(*later));

	if (!later || !(later->path = strdup(path))) {
		free(later);
		return -ENOMEM;
	}
	later->at = *at;
	*l->last = later;
	l->last = &later->next;
	return 0;
}

static int walk(struct loader *, const char *dir, unsigned depth, const struct placing *);

static int
add_entry(struct loader *l, const char *path, const char *name, unsigned depth,
    const struct placing *at)
{
	struct placing below = *at;
	struct stat st;
	uint32_t number = DOCUMENT_NONE;
	int rc = 0;

	if (lstat(path, &st) != 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return at->library != DOCUMENT_NONE || at->record != DOCUMENT_NONE ?
		    add_later(l, path, at) :
		    0;
	if (S_ISREG(st.st_mode))
		rc = add_file(l->data, path, name, &st, at, &number);
	else if (S_ISDIR(st.st_mode) && ends_with(name, ".versions"))
		rc = add_versions(l->data, path, name, at, &number);
	else if (S_ISDIR(st.st_mode) && (rc = enter(l->data, name, &st, depth, &below)) == 0)
		return walk(l, path, depth + 1, &below);
	if (rc == 0 && number != DOCUMENT_NONE && at->archived)
		rc = data_mark(l->data, number, DOCUMENT_ARCHIVED, 0, mtime_of(&st));
	return rc;
}

static int
walk(struct loader *l, const char *dir, unsigned depth, const struct placing *at)
{
	struct dirent **names = NULL;
	struct buf path = BUF_INIT;
	int n = depth > DEPTH ? (errno = ELOOP, -1) : scandir(dir, &names, no_dots, by_name);
	int rc = n < 0 ? -errno : 0;

	for (int i = 0; i < n && rc == 0; i++) {
		buf_clear(&path);
		buf_printf(&path, "%s/%s", dir, names[i]->d_name);
		rc = path.failed ? -ENOMEM :
				   add_entry(l, buf_str(&path), names[i]->d_name, depth, at);
		if (rc != 0 && rc != -ENOMEM) {
			log_warn("directory", "%s: left out: %s", buf_str(&path), strerror(-rc));
			rc = 0;
		}
	}
	free_names(names, n);
	buf_free(&path);
	return rc;
}

/* The document whose bytes come from this file. */
static uint32_t
find_file(struct data *d, const char *path)
{
	struct document space;

	for (uint32_t i = 0; i < data_document_count(d); i++) {
		const struct document *doc = data_document(d, i, &space);

		for (unsigned j = 0; j < doc->count; j++)
			if (doc->versions[j].file && strcmp(doc->versions[j].file, path) == 0)
				return i;
	}
	return DOCUMENT_NONE;
}

static int
share(struct data *d, const struct later *later)
{
	bool record = later->at.record != DOCUMENT_NONE;
	char *file = realpath(later->path, NULL);
	struct link_row link = {
		.document = file ? find_file(d, file) : DOCUMENT_NONE,
		.kind = record ? link_record(later->at.record_kind) : OBJECT_LIBRARY,
		.number = record ? later->at.record : later->at.library,
		.share = 'V',
		.visibility = 'A',
	};
	uint32_t ignored;
	int rc = link.document != DOCUMENT_NONE ? link_add(d, &link, &ignored) : 0;

	free(file);
	return rc == -EEXIST ? 0 : rc;
}

int
directory_load(struct data *d, const char *dir)
{
	struct placing top = PLACING_NONE;
	struct loader l = { .data = d, .last = &l.later };
	int rc = walk(&l, dir, 0, &top);

	while (l.later) {
		struct later *next = l.later->next;

		if (rc == 0)
			rc = share(d, l.later);
		free(l.later->path);
		free(l.later);
		l.later = next;
	}
	return rc;
}
