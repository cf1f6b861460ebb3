#include "token_file.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "config.h"
#include "log.h"

#define FILE_MAX	(256 * 1024)
#define NAME_LONGEST	200	/* of 255: .json and .new come after it */

/* The members of the file, in their order. */
enum member_type { TEXT, ID, SECRET, NUMBER, FLAG };
static const struct member {
	const char *name;
	enum member_type type;
	size_t offset;
} members[] = {
	{ "login_url", TEXT, offsetof(struct login, login_url) },
	{ "client_id", TEXT, offsetof(struct login, client_id) },
	{ "username", TEXT, offsetof(struct login, username) },
	{ "imported", FLAG, offsetof(struct login, imported) },
	{ "client_secret", SECRET, offsetof(struct login, client_secret) },
	{ "how", TEXT, offsetof(struct login, how) },
	{ "access_token", SECRET, offsetof(struct login, access_token) },
	{ "refresh_token", SECRET, offsetof(struct login, refresh_token) },
	{ "instance_url", TEXT, offsetof(struct login, instance_url) },
	{ "scope", TEXT, offsetof(struct login, scope) },
	{ "org_id", ID, offsetof(struct login, org_id) },
	{ "user_id", ID, offsetof(struct login, user_id) },
	{ "since", NUMBER, offsetof(struct login, since) },
	{ "renewed", NUMBER, offsetof(struct login, renewed) },
	{ "ended", TEXT, offsetof(struct login, ended) },
};
#define MEMBERS	(sizeof(members) / sizeof(members[0]))

int
login_copy(struct login *to, const struct login *from)
{
	struct login copy = *from;
	bool good = true;

	for (size_t i = 0; i < MEMBERS; i++) {
		const void *source = (const char *)from + members[i].offset;
		void *at = (char *)&copy + members[i].offset;

		if (members[i].type == TEXT) {
			*(char **)at = NULL;
			good &= login_set_text(at, *(char *const *)source);
		} else if (members[i].type == SECRET) {
			*(struct secret *)at = (struct secret){ NULL };
			good &= secret_copy(at, source);
		}
	}
	if (good)
		*to = copy;
	else
		login_free(&copy);
	return good ? 0 : -ENOMEM;
}

void
login_free(struct login *l)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		void *at = (char *)l + members[i].offset;

		if (members[i].type == TEXT)
			free(*(char **)at);
		else if (members[i].type == SECRET)
			secret_free(at);
	}
	*l = (struct login){ 0 };
}

bool
login_set_text(char **member, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return false;
	free(*member);
	*member = copy;
	return true;
}

/* Characters that mean something in a path are written as %XX. */
int
token_file_path(const struct config *c, char **out)
{
	struct buf path = BUF_INIT;
	char *dir = NULL;
	int rc = config_state_dir(&dir);

	if (rc < 0)
		return rc;
	buf_printf(&path, "%s/", dir);
	size_t begin = path.len;
	for (const char *p = c->org; *p; p++) {
		if (isalnum((unsigned char)*p) || *p == '-' || *p == '_' ||
		    (*p == '.' && p > c->org))
			buf_putc(&path, *p);
		else
			buf_printf(&path, "%%%02X", (unsigned)(unsigned char)*p);
	}
	if (path.len - begin > NAME_LONGEST) {
		log_error("token", "[%s]: the name is too long", c->org);
		rc = -EINVAL;
	}
	buf_puts(&path, ".json");
	free(dir);
	if (rc == 0)
		return (*out = buf_detach(&path)) ? 0 : -ENOMEM;
	buf_free(&path);
	return rc;
}

/*
 * Reading.
 */

static bool
read_login_member(const struct member *m, cJSON *item, struct login *l)
{
	static const char alnum[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	void *at = (char *)l + m->offset;
	char *s = cJSON_GetStringValue(item);
	double n = cJSON_GetNumberValue(item);
	bool good = true;

	switch (m->type) {
	case TEXT:
		if (s)
			good = (*(char **)at = strdup(s)) != NULL;
		break;
	case ID:
		if (s && strlen(s) == 18 && strspn(s, alnum) == 18)
			memcpy(at, s, 19);
		break;
	case SECRET:
		if (s) {
			good = secret_set(at, s, strlen(s));
			explicit_bzero(s, strlen(s));
		}
		break;
	case NUMBER:
		if (n >= 0 && n < 1e15)		/* no number is NaN */
			*(int64_t *)at = (int64_t)n;
		break;
	case FLAG:
		*(bool *)at = cJSON_IsTrue(item);
		break;
	}
	return good;
}

static int
parse_login(const char *text, struct login *out)
{
	struct login l = { 0 };
	cJSON *json = cJSON_Parse(text);
	int rc = cJSON_IsObject(json) ? 0 : -EIO;

	for (size_t i = 0; rc == 0 && i < MEMBERS; i++)
		if (!read_login_member(
			&members[i], cJSON_GetObjectItemCaseSensitive(json, members[i].name), &l))
			rc = -ENOMEM;
	if (rc == 0 &&
	    (!l.login_url || !l.client_id || !l.how || !l.instance_url || !*l.org_id ||
		!*l.user_id))
		rc = -EIO;
	cJSON_Delete(json);
	if (rc == 0)
		*out = l;
	else
		login_free(&l);
	return rc;
}

/* Whoever can write the file can say where the token goes. */
static int
check_owner(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077))
		return 0;
	log_error("token",
	    "%s: must be a file of yours that others can neither read nor write: chmod 600 it, "
	    "or remove it and log in again",
	    path);
	return -EACCES;
}

int
token_file_read(const char *path, struct login *out)
{
	struct buf text = BUF_INIT;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc = fd < 0 ? -errno : check_owner(fd, path);

	if (rc == -ELOOP) {
		log_error("token", "%s: is a symbolic link, which is not followed", path);
		rc = -EACCES;
	}
	if (rc == 0)
		rc = buf_read(&text, fd, FILE_MAX);
	if (rc == 0) {
		rc = parse_login(text.data, out);
		if (rc == -EIO)
			log_error("token", "%s: damaged; it is as if there were no login", path);
	}
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	return rc;
}

/*
 * Writing.
 */

static void
put_login_member(const struct member *m, const struct login *l, struct buf *out)
{
	const void *at = (const char *)l + m->offset;

	switch (m->type) {
	case TEXT: buf_put_json_text(out, *(char *const *)at); break;
	case SECRET: buf_put_json_text(out, ((const struct secret *)at)->bytes); break;
	case ID: buf_put_json_text(out, at); break;
	case NUMBER: buf_printf(out, "%lld", (long long)*(const int64_t *)at); break;
	case FLAG: buf_puts(out, *(const bool *)at ? "true" : "false"); break;
	}
}

/* A rename is on disk when its directory is. */
static int
sync_dir(const char *path)
{
	char *dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

static int
replace_file(const char *path, const struct buf *text)
{
	char *temp = NULL;
	int fd = -1, rc = 0;

	if (asprintf(&temp, "%s.new", path) < 0)
		return -ENOMEM;
	unlink(temp);		/* left by a process that was killed */
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		rc = -errno;
		goto out;
	}
	ssize_t n = write(fd, text->data, text->len);
	if (n >= 0 && n < (ssize_t)text->len)
		rc = -ENOSPC;
	else if (n < 0 || fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temp, path) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(temp);
	else
		rc = sync_dir(path);
out:
	free(temp);
	return rc;
}

int
token_file_write(const char *path, struct login *l)
{
	struct buf text = BUF_INIT;

	buf_reserve(&text, FILE_MAX);
	for (size_t i = 0; i < MEMBERS; i++) {
		buf_printf(&text, "%s\"%s\":", i ? ",\n " : "{", members[i].name);
		put_login_member(&members[i], l, &text);
	}
	buf_puts(&text, "}\n");
	int rc = text.failed ? -ENOMEM : text.len >= FILE_MAX ? -EFBIG : replace_file(path, &text);
	if (rc < 0)
		log_error("token", "%s: cannot write the login: %s", path, strerror(-rc));
	l->unsaved = rc < 0;
	buf_wipe(&text);
	return rc;
}

int
token_file_remove(const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_dir(path);
}

/* The lock is a file of its own: a rename replaces the login's. */
int
token_file_lock(const char *path, int *out)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *name = NULL;

	if (asprintf(&name, "%.*s.lock", (int)(strlen(path) - strlen(".json")), path) < 0)
		return -ENOMEM;
	int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : 0;
	if (rc == 0 && fcntl(fd, F_OFD_SETLK, &whole) < 0)
		rc = errno == EACCES ? -EAGAIN : -errno;
	free(name);
	if (rc == 0)
		*out = fd;
	else if (fd >= 0)
		close(fd);
	return rc;
}
