/*
 * surveys - what one pass over a version's bytes has found: where its views begin and end, its statistics, a note's text.
 *
 * Made when somebody asks, by a thread of its own, once: the result is kept in the catalogue, by version
 * and csv options, until 100,000 others were made or rendered by since. Those used lately are in memory. The error of one that failed
 * is that of all who waited for it, and who comes within a second; who comes later begins another.
 *
 * Joins version, view, note, column_names and catalogue. Any thread.
 */
#ifndef FS_SURVEYS_H
#define FS_SURVEYS_H

#include <stddef.h>

#include "name.h"
#include "version.h"
#include "view.h"
#include "wait.h"

struct catalogue;
struct column_names;
struct surveys;
struct survey;

struct surveys_options {
	struct view_options view;
	enum name_rules	 names;
};

int	surveys_open(struct store *, struct rest *, struct catalogue *, const struct surveys_options *, struct surveys **out);
void	surveys_stop(struct surveys *);		/* whoever waits is woken, every get is -EINTR */
void	surveys_close(struct surveys *);

/*
 * The survey of a version, until survey_put. -EAGAIN: it is under way and w is queued (w NULL: none was begun);
 * -EINTR: w was cancelled before; or why it cannot be had.
 */
int	surveys_get(struct surveys *, const struct version *, struct wait *w, struct survey **out);
void	survey_put(struct survey *);
const struct view_survey *survey_view(const struct survey *);
const struct version *survey_version(const struct survey *);
void	survey_use(const struct survey *);	/* something is rendered by it: it is kept. May wait for another process */
int	survey_columns(struct survey *, const struct column_names **out);	/* the survey's. -ENOMEM */
/* A note's, whose only part is survey_stats: its plain text, which is there at once. Errors as surveys_get. */
int	surveys_note(struct surveys *, const struct version *, struct wait *w, struct survey **out);
/* stats.tsv, by a pass of its own. Errors as surveys_get; the text is the survey's. */
int	survey_stats(struct survey *, struct wait *w, const char **text, size_t *len);

/* The renderer and the options that its output depends on, for names of what is rendered. */
const char *surveys_maker(const struct surveys *);

#endif
