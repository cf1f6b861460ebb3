#include <dirent.h>
#include <errno.h>
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

/* The title of a file: its name without what follows the last dot. */
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

static int
add_file(struct data *d, const char *path, const char *name, const struct stat *st, const struct placing *at)
{
	struct upload up = { .path_on_client = name, .file = path, .modified = mtime_of(st) };
	uint32_t number;
	char *title = title_of(name);
	int rc = title ? data_add_document(d, title, at, &up, up.modified, &number) : -ENOMEM;

	free(title);
	return rc;
}

/* One document of the files 1.ext, 2.ext ... */
static int
add_versions(struct data *d, const char *path, const char *name, const struct placing *at)
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
		struct upload up = { .path_on_client = buf_str(&client), .file = buf_str(&file), .modified = mtime_of(&st) };
		rc = number == DOCUMENT_NONE ? data_add_document(d, title, at, &up, up.modified, &number)
		    : data_add_version(d, number, &up, up.modified);
	}
	free_names(names, n);
	buf_free(&file);
	buf_free(&client);
	free(title);
	return rc;
}

/* Where the files of the directory `name` below `at` belong. */
static int
enter(struct data *d, const char *name, const struct stat *st, unsigned depth, struct placing *at)
{
	int rc;

	if (ends_with(name, ".account")) {
		char *account = title_of(name);

		rc = account ? data_add_place(d, PLACE_ACCOUNT, account, DOCUMENT_NONE, DOCUMENT_NONE, mtime_of(st), &at->account) : -ENOMEM;
		at->owner = DATA_RUN_AS + 1;	/* so that only the link leads to it */
		free(account);
		return rc;
	}
	if (at->account != DOCUMENT_NONE)
		return 0;
	if (at->library != DOCUMENT_NONE)
		return data_add_place(d, PLACE_FOLDER, name, at->library, at->folder, mtime_of(st), &at->folder);
	if (depth > 0)
		return 0;
	rc = data_add_place(d, PLACE_LIBRARY, name, DOCUMENT_NONE, DOCUMENT_NONE, mtime_of(st), &at->library);
	if (rc == 0)
		at->folder = data_root_folder(d, at->library);
	return rc;
}

static int walk(struct data *, const char *dir, unsigned depth, const struct placing *);

static int
add_entry(struct data *d, const char *path, const char *name, unsigned depth, const struct placing *at)
{
	struct placing below = *at;
	struct stat st;

	if (lstat(path, &st) != 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		return add_file(d, path, name, &st, at);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (ends_with(name, ".versions"))
		return add_versions(d, path, name, at);
	int rc = enter(d, name, &st, depth, &below);
	return rc == 0 ? walk(d, path, depth + 1, &below) : rc;
}

static int
walk(struct data *d, const char *dir, unsigned depth, const struct placing *at)
{
	struct dirent **names = NULL;
	struct buf path = BUF_INIT;
	int n = depth > DEPTH ? (errno = ELOOP, -1) : scandir(dir, &names, no_dots, by_name);
	int rc = n < 0 ? -errno : 0;

	for (int i = 0; i < n && rc == 0; i++) {
		buf_clear(&path);
		buf_printf(&path, "%s/%s", dir, names[i]->d_name);
		rc = path.failed ? -ENOMEM : add_entry(d, buf_str(&path), names[i]->d_name, depth, at);
		if (rc != 0 && rc != -ENOMEM) {
			log_warn("directory", "%s: left out: %s", buf_str(&path), strerror(-rc));
			rc = 0;
		}
	}
	free_names(names, n);
	buf_free(&path);
	return rc;
}

int
directory_load(struct data *d, const char *dir)
{
	struct placing top = { DATA_RUN_AS, DOCUMENT_NONE, DOCUMENT_NONE, DOCUMENT_NONE };

	return walk(d, dir, 0, &top);
}
