#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "fnv.h"
#include "utf8.h"

#define LINE_MAX_BYTES	1024
#define TAIL_LINES	200
#define RECENT		1024	/* texts for log_warn_once */

static const char *const level_names[] = { "error", "warn", "info", "debug" };

static struct {
	pthread_mutex_t lock;	/* guards: all below */
	enum log_level level;
	const char *syslog_ident;
	const char *plain;
	bool journal;
	log_name_path *path_of;
	void *path_ctx;
	struct buf kept;
	char tail[TAIL_LINES][LINE_MAX_BYTES];
	unsigned next, count;
	uint64_t recent[RECENT];	/* hashes, each at hash % RECENT */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO };

void
log_level_set(enum log_level level)
{
	state.level = level;
}

bool
log_level_parse(const char *s, enum log_level *out)
{
	for (unsigned i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(s, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void
log_to_syslog(const char *ident)
{
	pthread_mutex_lock(&state.lock);
	state.syslog_ident = ident;
	openlog(ident, LOG_PID, LOG_DAEMON);
	pthread_mutex_unlock(&state.lock);
}

bool
log_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	bool journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == (dev_t)device &&
	    st.st_ino == (ino_t)inode;

	state.journal = journal;
	return journal;
}

void
log_plain(const char *program)
{
	state.plain = program;
}

void
log_paths(log_name_path *path_of, void *ctx)
{
	pthread_mutex_lock(&state.lock);
	state.path_of = path_of;
	state.path_ctx = ctx;
	pthread_mutex_unlock(&state.lock);
}

/* The text as it is printed: a version's name at its beginning becomes a path. */
static void
show_text(const char *raw, char *text, size_t size)
{
	char line[2 * LINE_MAX_BYTES], path[LINE_MAX_BYTES];
	const size_t n = strcspn(raw, ":");

	pthread_mutex_lock(&state.lock);
	log_name_path *path_of = state.path_of;
	void *ctx = state.path_ctx;
	pthread_mutex_unlock(&state.lock);
	if (path_of && strncmp(raw, "068", 3) == 0 && path_of(ctx, raw, n, path, sizeof(path))) {
		snprintf(line, sizeof(line), "%s%s", path, raw + n);
		raw = line;
	}
	utf8_show_all(text, size, raw);
}

static void
write_line(enum log_level level, const char *module, bool keep, const char *fmt, va_list ap)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	char raw[4 * LINE_MAX_BYTES], text[LINE_MAX_BYTES - 64];
	char line[LINE_MAX_BYTES];
	char date[32];
	struct tm tm;

	if (level > state.level && !keep)
		return;
	vsnprintf(raw, sizeof(raw), fmt, ap);
	show_text(raw, text, sizeof(text));
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(line, sizeof(line), "%s %s %.24s: %s", date, level_names[level], module, text);

	pthread_mutex_lock(&state.lock);
	if (keep) {
		buf_printf(&state.kept, "%s\n", line);
	} else {
		memcpy(state.tail[state.next], line, sizeof(line));
		state.next = (state.next + 1) % TAIL_LINES;
		if (state.count < TAIL_LINES)
			state.count++;
	}
	if (state.syslog_ident)
		syslog(priority[level], "%s %s: %s", level_names[level], module, text);
	else if (state.journal)
		fprintf(stderr, "<%d>%s: %s\n", priority[level], module, text);
	else if (!state.plain)
		fprintf(stderr, "%s\n", line);
	else if (!keep)
		fprintf(stderr, "%s: %s\n", state.plain, text);
	pthread_mutex_unlock(&state.lock);
}

void
log_line(enum log_level level, const char *module, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(level, module, false, fmt, ap);
	va_end(ap);
}

void
log_keep(const char *module, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_INFO, module, true, fmt, ap);
	va_end(ap);
}

void
log_warn_once(const char *module, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES - 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	uint64_t hash = fnv_add(FNV_NONE, text, strlen(text));
	pthread_mutex_lock(&state.lock);
	uint64_t *recent = &state.recent[hash % RECENT];
	bool is_new = *recent != hash;
	*recent = hash;
	pthread_mutex_unlock(&state.lock);
	if (is_new)
		log_warn(module, "%s", text);
}

struct log_word
log_word(const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-+,:=@%";
	struct log_word w;
	char *to = w.s;

	if (*s && !s[strspn(s, plain)]) {
		snprintf(w.s, sizeof(w.s), "%s", s);
		return w;
	}
	*to++ = '\'';
	for (; *s && to < w.s + sizeof(w.s) - 6; s++)
		to += sprintf(to, *s == '\'' ? "'\\''" : "%c", *s);
	strcpy(to, "'");
	return w;
}

void
log_print(FILE *f, const char *fmt, ...)
{
	char raw[16384], text[2 * sizeof(raw)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	char *end = strchr(raw, '\0'), *line = end > raw && end[-1] == '\n' ? end - 1 : end;
	const char *newline = line < end ? "\n" : "";
	*line = '\0';
	utf8_show_all(text, sizeof(text), raw);
	fprintf(f, "%s%s", text, newline);
	explicit_bzero(raw, sizeof(raw));	/* it may be a token */
	explicit_bzero(text, sizeof(text));
}

void
log_tail(struct buf *out)
{
	pthread_mutex_lock(&state.lock);
	buf_puts(out, buf_str(&state.kept));
	for (unsigned i = 0; i < state.count; i++) {
		buf_puts(out, state.tail[(state.next + TAIL_LINES - state.count + i) % TAIL_LINES]);
		buf_putc(out, '\n');
	}
	pthread_mutex_unlock(&state.lock);
}
