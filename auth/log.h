/*
 * log - one line for each cause, in plain words.
 *
 * Use it as `log_warn("store", "%s: short write: %s", name, strerror(-rc))`:
 * subject first, no full stop, no newline. A line is `date level module: text`;
 * a text that is too long ends in "...".
 *
 * All that the programs print passes here, but for literals and JSON. What could
 * drive a terminal is escaped (utf8_show), and so is a newline: nothing that comes
 * from outside makes a second line.
 *
 * The log is the one piece of global state of the process: as a parameter it would be in every
 * signature. Never give it a secret; struct secret has no format on purpose.
 *
 * Any thread; but log_level_set, log_to_journal and log_plain before there are others.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "buf.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void	log_level_set(enum log_level);
bool	log_level_parse(const char *, enum log_level *out);	/* "error" "warn" "info" "debug" */
/*
 * From now on lines go to the system's log: a daemon has left its terminal. ident must stay valid.
 */
void	log_to_syslog(const char *ident);
/* If standard error is journald's, lines begin with their level, as sd-daemon(3) says, and have no
 * date. Returns whether it is. */
bool	log_to_journal(void);
/* Lines for a person at a terminal: `program: text`. program must stay valid. */
void	log_plain(const char *program);

/*
 * From now on, or until a call with a NULL path_of, lines show paths instead of names of versions.
 * If a text begins with such a name (an Id, and what may follow up to a colon), path_of puts the
 * path to out. False: it knows none. It runs on the thread that logs, and must log no such name.
 */
typedef bool log_name_path(void *ctx, const char *name, size_t len, char *out, size_t size);
void	log_paths(log_name_path *path_of, void *ctx);

void	log_line(enum log_level, const char *module, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define log_error(...)	log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)	log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
/* log_warn, unless the same text was logged this way lately: for warnings about many documents. */
void	log_warn_once(const char *module, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A log_info that stays at the beginning of log_tail, and is not for a person at a terminal. */
void	log_keep(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* log_error, for what the user can correct in the config or on the command line. Its value is
 * -EINVAL. */
#define log_invalid(module, ...) (log_error(module, __VA_ARGS__), -EINVAL)

/*
 * A word as a shell takes it, for commands that a user copies: in quotes if it needs them, so that
 * a name with a blank stays one word, and no name runs anything.
 */
struct log_word { char s[8192]; };
struct log_word log_word(const char *);

/* Prints a line of text, with the newline at its end if there is one. */
void	log_print(FILE *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_say(...)	log_print(stdout, __VA_ARGS__)

void	log_tail(struct buf *out);				/* the last lines, oldest first */
