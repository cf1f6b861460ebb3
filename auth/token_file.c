#include "token_file.h"

#include <cjson/cJSON.h>
#include <dirent.h>
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
#include "id.h"
#include "log.h"
#include "replace.h"

#define SUFFIX		".json"
#define FILE_MAX	(256 * 1024)
#define NAME_LONGEST	200	/* of 255: .json and .new come after it */

/* The members of the file, in their order. */
enum member_type { TEXT, ID, NUMBER };
#define MEMBER(name, type)	{ #name, type, offsetof(struct login, name) }
static const struct member {
	const char *name;
	enum member_type type;
	size_t offset;
} members[] = {
	MEMBER(login_url, TEXT),
	MEMBER(client_id, TEXT),
	MEMBER(username, TEXT),
	MEMBER(client_secret, TEXT),
	MEMBER(how, TEXT),
	MEMBER(access_token, TEXT),
	MEMBER(refresh_token, TEXT),
	MEMBER(instance_url, TEXT),
	MEMBER(scope, TEXT),
	MEMBER(org_id, ID),
	MEMBER(user_id, ID),
	MEMBER(since, NUMBER),
	MEMBER(renewed, NUMBER),
	MEMBER(ended, TEXT),
};
#define MEMBERS	(sizeof(members) / sizeof(members[0]))

int
login_copy(struct login *to, const struct login *from)
{
	struct login copy = *from;
	bool good = true;

	for (size_t i = 0; i < MEMBERS; i++) {
		char **at = (char **)((char *)&copy + members[i].offset);

		if (members[i].type == TEXT && *at)
			good &= (*at = strdup(*at)) != NULL;
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
		if (members[i].type == TEXT)
			secret_free_text((char **)((char *)l + members[i].offset));
	}
	*l = (struct login){ 0 };
}

/* Characters that mean something in a path are written as %XX. */
int
token_file_path(const struct config *c, char **out)
{
	const char *org = c->org;
	struct buf path = BUF_INIT;
	char *dir = NULL;
	int rc = config_state_dir(&dir);

	if (rc < 0)
		return rc;
	buf_printf(&path, "%s/", dir);
	free(dir);
	size_t begin = path.len;
	if (*org == '.') {
		buf_puts(&path, "%2E");
		org++;
	}
	buf_put_url(&path, org, strlen(org));
	if (path.len - begin > NAME_LONGEST) {
		buf_free(&path);
		return log_invalid("token", "[%s]: the name is too long", c->org);
	}
	buf_puts(&path, SUFFIX);
	return (*out = buf_detach(&path)) ? 0 : -ENOMEM;
}

/*
 * Reading.
 */

static bool
read_login_member(const struct member *m, cJSON *item, struct login *l)
{
	void *at = (char *)l + m->offset;
	char *s = cJSON_GetStringValue(item);
	double n = cJSON_GetNumberValue(item);
	bool good = true;

	if (m->type == NUMBER && n >= 0 && n < 1e15)	/* no number is NaN */
		*(int64_t *)at = (int64_t)n;
	if (m->type == ID && s)
		id_read(s, at);
	if (m->type == TEXT && s) {
		good = (*(char **)at = strdup(s)) != NULL;
		explicit_bzero(s, strlen(s));
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
	l.imported = rc == 0 && (strcmp(l.how, "import") == 0 || strcmp(l.how, "sf") == 0);
	cJSON_Delete(json);
	if (rc == 0)
		*out = l;
	else
		login_free(&l);
	return rc;
}

/* A user who can write the file can say where the token goes. */
static bool
is_ours_alone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    !(st.st_mode & 077);
}

int
token_file_read(const char *path, struct login *out)
{
	struct buf text = BUF_INIT;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc = fd < 0 ? -errno : 0;

	if (rc == -ELOOP || (rc == 0 && !is_ours_alone(fd))) {
		log_error("token",
		    "%s: must be a file of yours, no link, that others can neither read nor write: "
		    "chmod 600 it, or remove it and log in again",
		    path);
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
	case ID: buf_put_json_text(out, at); break;
	case NUMBER: buf_printf(out, "%lld", (long long)*(const int64_t *)at); break;
	}
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
	int rc = text.failed	     ? -ENOMEM :
	    text.len >= FILE_MAX ? -EFBIG :
				   replace_file(path, &text, 0600, (gid_t)-1);
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
	return replace_sync(path);
}

/* Of what an org's name may have, token_file_path writes only @ as %40. */
int
token_file_orgs(struct buf *out)
{
	struct dirent **names = NULL;
	char *dir = NULL;
	int rc = config_state_dir(&dir);
	int n = rc == 0 ? scandir(dir, &names, NULL, alphasort) : 0;

	if (n < 0)
		rc = log_invalid("token", "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *s = names[i]->d_name, *end = strchr(s, '\0') - strlen(SUFFIX);

		if (end > s && strcmp(end, SUFFIX) == 0) {
			for (; s < end; s += strncmp(s, "%40", 3) == 0 ? 3 : 1)
				buf_putc(out, *s == '%' ? '@' : *s);
			buf_putc(out, '\n');
		}
		free(names[i]);
	}
	free(names);
	free(dir);
	return rc == 0 && out->failed ? -ENOMEM : rc;
}

/* The lock is a file of its own: a rename replaces the login's. */
int
token_file_lock(const char *path, int *out)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *name = NULL;

	if (asprintf(&name, "%.*s.lock", (int)(strlen(path) - strlen(SUFFIX)), path) < 0)
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
