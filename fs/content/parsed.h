/*
 * surveys - what one pass over a version's bytes has found: where its views begin and end, or a
 * note's text.
 *
 * Made when somebody asks, by a thread of its own, once: the result is kept in the catalogue, by
 * version and csv options, until 100,000 others were made or rendered by since. Those used lately
 * are in memory. The error of one that failed is that of all who waited for it, and who comes
 * within a second; who comes later begins another.
 *
 * Joins version, view, note, column_names and catalogue. Any thread.
 */
#ifndef FS_CONTENT_PARSED_H
#define FS_CONTENT_PARSED_H

#include <stddef.h>

#include "fs/name.h"
#include "download.h"
#include "fs/view/view.h"
#include "fs/async/wait.h"

struct catalogue;
struct column_names;
struct parsed;
struct survey;

struct parsed_options {
	struct view_options view;
	enum name_rules	 names;
};

int parsed_open(struct store *, struct rest *, struct catalogue *, const struct parsed_options *,
    struct parsed **out);
void	parsed_stop(struct parsed *);		/* whoever waits is woken, every get is -EINTR */
void	parsed_close(struct parsed *);

/*
 * The survey of a version, until survey_put. -EAGAIN: it is under way and w is queued (w NULL: none
 * was begun); -EINTR: w was cancelled before; or why it cannot be had.
 */
int	parsed_get(struct parsed *, const struct download *, struct wait *w, struct survey **out);
void	survey_put(struct survey *);
const struct view_survey *survey_view(const struct survey *);
const struct download *survey_version(const struct survey *);
void survey_use(const struct survey
	*); /* something is rendered by it: it is kept. May wait for another process */
int survey_columns(struct survey *, const struct column_names **out); /* the survey's. -ENOMEM */
/* A note's, which has nothing but survey_note, its plain text. Errors as parsed_get. */
int	parsed_note(struct parsed *, const struct download *, struct wait *w, struct survey **out);
const char *survey_note(const struct survey *, size_t *len);	/* the survey's */

/* The renderer and the options that its output depends on, for names of what is rendered. */
const char *parsed_maker(const struct parsed *);

#endif
