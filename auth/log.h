/*
 * log - one line for each cause, in plain words.
 *
 * Written as `log_warn("store", "%s: short write: %s", name, strerror(-rc))`:
 * subject first, no full stop, no newline. A line is `date level module: text`;
 * bytes that could drive a terminal are replaced.
 *
 * The level, the sink and the last lines are the process's one piece of global
 * state: a log that had to be handed to every function would be in every
 * signature. Never give it a secret: struct secret has no format on purpose.
 *
 * Any thread.
 */
#ifndef AUTH_LOG_H
#define AUTH_LOG_H

#include <stdbool.h>

#include "buf.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void	log_level_set(enum log_level);
bool	log_level_parse(const char *, enum log_level *out);	/* "error" "warn" "info" "debug" */
/* Where lines go: standard error (the default), or the system's log once a daemon has left its
 * terminal. */
void	log_to_syslog(const char *ident);			/* ident must stay valid */
/* Whether standard error is journald's, which adds the date: from then on a line begins with its
 * level, as sd-daemon(3) says. */
bool	log_to_journal(void);
/* What a person at a terminal is told: no date, `program: text`. For errors that end the program.
 */
void	log_plain(const char *program);				/* program must stay valid */

void	log_error(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	log_warn(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	log_info(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A warning for each of many documents: what was said lately, word for word, is not said again. */
void log_warn_once(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	log_debug(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* log_error, for what the user can mend in the config or on the command line. Is -EINVAL. */
#define log_invalid(module, ...) (log_error(module, __VA_ARGS__), -EINVAL)

void	log_tail(struct buf *out);				/* the last lines, oldest first */

#endif
