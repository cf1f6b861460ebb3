#include "section.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "config.h"
#include "log.h"
#include "replace.h"

#define FILE_MOST	(1u << 20)	/* of a config file */
#define GROWTH		4096		/* growing would leave a copy of a secret behind */
#define LOCK_WAIT	10000		/* ms; a write takes a few */

/* Offsets in the text of a config file. */
struct place {
	size_t	from, to;	/* the line of the key; or the same, where such a line belongs */
	size_t	value;		/* after its = and the blanks; 0: there is no such key */
	bool	there;		/* the section */
};

static struct place
find_place(const char *text, const char *org, const char *key)
{
	struct place p = { 0 };
	bool ours = false;

	for (const char *s = text, *end; *s; s = end) {
		const char *t = s + strspn(s, "\xef\xbb\xbf \t");
		const size_t n = strcspn(t, "=:\n");

		end = s + strcspn(s, "\n");
		end += *end == '\n';
		if (*t == '[') {
			const size_t len = strcspn(t + 1, "]\n");

			ours = len == strlen(org) && strncmp(t + 1, org, len) == 0;
		} else if (strchr("#;\r", *t) || t[n] == '\n' || t[n] == '\0') {
			continue;
		}
		if (!ours)
			continue;
		p.there = true;
		p.from = p.to = (size_t)(end - text);
		if (*t != '[' && strncmp(t, key, strlen(key)) == 0 &&
		    strlen(key) + strspn(t + strlen(key), " \t") == n) {
			p.from = (size_t)(s - text);
			p.value = (size_t)(t - text) + n + 1 + strspn(t + n + 1, " \t");
			break;
		}
	}
	return p;
}

static void
change_key(struct buf *text, const char *org, const struct section_key *k)
{
	const struct place p = find_place(buf_str(text), org, k->key);
	struct buf changed = BUF_INIT;

	buf_reserve(&changed, text->len + strlen(k->value.bytes) + GROWTH);
	buf_put(&changed, buf_str(text), p.value && *k->value.bytes ? p.value : p.from);
	if (*k->value.bytes)
		buf_printf(&changed, "%s%s%s\n", p.value ? "" : k->key, p.value ? "" : " = ",
		    k->value.bytes);
	buf_puts(&changed, buf_str(text) + p.to);
	changed.failed |= text->failed;
	buf_wipe(text);
	*text = changed;
}

/*
 * The file, made if there is none, and locked until it is closed: else two who write at once would
 * lose a section. Whoever waited may have got a file that was replaced meanwhile.
 */
static int
open_locked(const char *file, struct stat *st, int *out)
{
	const int64_t end = clock_ms() + LOCK_WAIT;
	struct stat now;

	for (;;) {
		int fd = open(file, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return -errno;
		/* Where locks do not work, it goes without. */
		const bool taken = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
		if (!taken && fstat(fd, st) == 0 && stat(file, &now) == 0 &&
		    st->st_ino == now.st_ino && st->st_dev == now.st_dev) {
			*out = fd;
			return 0;
		}
		close(fd);
		if (clock_ms() > end)
			return -EBUSY;
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
}

int
section_write(const char *file, const char *org, const struct section_key *keys, size_t n)
{
	struct buf text = BUF_INIT;
	char path[PATH_MAX];
	struct stat st;
	int fd = -1, rc = strlen(file) < sizeof(path) ? 0 : -ENAMETOOLONG;

	if (rc == 0) {
		config_make_parents(strcpy(path, file));	/* or open fails */
		rc = open_locked(file, &st, &fd);
	}
	/* Through links: one may lead to where the user keeps such files. */
	if (rc == 0 && !realpath(file, path))
		rc = -errno;
	buf_reserve(&text, FILE_MOST + GROWTH);
	if (rc == 0)
		rc = buf_read(&text, fd, FILE_MOST);
	if (text.len && text.data[text.len - 1] != '\n')
		buf_putc(&text, '\n');
	if (!find_place(buf_str(&text), org, "").there)
		buf_printf(&text, "%s[%s]\n", text.len ? "\n" : "", org);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (keys[i].value.bytes)
			change_key(&text, org, &keys[i]);
	if (rc == 0)
		rc = text.failed ?
		    -ENOMEM :
		    replace_file(path, &text, st.st_mode & 07777, st.st_gid);
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	if (rc < 0)
		rc = log_invalid("login", "%s: cannot write the section: %s", file, strerror(-rc));
	return rc;
}
