/*
 * directories - where the data of one org and user are.
 *
 * The same for every section of the config that leads to this org and user. The bytes of documents
 * are shared; a mount that lists other documents (filter, archived) has a catalogue of its own.
 *
 * Single thread.
 */
#pragma once

struct config;

struct directories {
	char		*data;		/* all of it */
	char		*blobs;		/* the store's; the store makes it */
	char		*catalogue;
	char		*turn;		/* a file: sync's lock */
};

/* Makes data and catalogue. Errors are logged. Free *out in any case. */
int	directories_make(const struct config *, const char *org_id, const char *user_id,
	    struct directories *out);
void	directories_free(struct directories *);
