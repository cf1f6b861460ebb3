/*
 * parsed - what one pass over a document's bytes finds: the survey of a CSV document, the text of
 * a note.
 *
 * It is made when somebody asks, once, when the download is complete; until then the job holds no
 * thread. The catalogue keeps the result, by content and CSV options, until 100,000 others were
 * made or used since; memory keeps those used lately. All who wait get the error of a try that
 * fails, and so do callers in the second after it. Later callers try again.
 *
 * Joins download, view, note, column_names and catalogue. Any thread.
 */
#pragma once

#include <stddef.h>

#include "auth/buf.h"
#include "fs/async/task.h"
#include "fs/name.h"
#include "fs/view/view.h"

#include "download.h"

struct catalogue;
struct column_names;
struct parsed;

struct parsed_result {
	/* to read */
	struct download	 download;
	struct view_survey *survey;	/* of a CSV document */
	struct buf	 text;		/* of a note */

	/* private */
	struct parsed	*owner;
	struct task	 task;
	struct wait	 whole;		/* waits for the whole source */
	struct blob	*source;	/* while the task runs */
	size_t		 bytes;		/* of it in the catalogue */
	struct column_names *columns;	/* NULL: nobody has asked */
	unsigned	 users;
	struct parsed_result *next;	/* less recently used */
};

struct parsed_options {
	struct view_options view;
	enum name_rules	 names;
};

int	parsed_open(struct store *, struct rest *, struct catalogue *,
    const struct parsed_options *, struct parsed **out);
/* From here on every get is -EINTR. Wakes all who wait, but for a download: store_close does. */
void	parsed_stop(struct parsed *);
void	parsed_close(struct parsed *);		/* after store_close */

/*
 * The result for a version; parsed_put. -EAGAIN: it is being made and w is queued (w NULL: nothing
 * was begun); -EINTR: w was cancelled before; or why it cannot be had.
 */
int	parsed_get(struct parsed *, const struct download *, struct wait *w,
    struct parsed_result **out);
void	parsed_put(struct parsed_result *);

/* The names of the columns of a CSV document; they belong to the result. -ENOMEM. */
int	parsed_columns(struct parsed_result *, const struct column_names **out);
/* Tells the catalogue that the result is used, so that it is kept. May wait for the disk. */
void	parsed_use(const struct parsed_result *);

/* The renderer and its options, as part of the names of rendered files. */
const char *parsed_maker(const struct parsed *);
