/*
 * version - the bytes of a ContentVersion, brought into the store when they are first needed.
 *
 * A struct version is a value: it outlives the record that it was made of.
 *
 * Joins store and rest. Any thread.
 */
#ifndef FS_VERSION_H
#define FS_VERSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "document.h"

struct blob;
struct rest;
struct store;

struct version {
	char		id[19];
	char		md5[33];	/* "" : the org gives none */
	uint64_t	size;
	bool		tabs;		/* by its extension, a tab-separated file */
	bool		note;
	bool		elsewhere;	/* its bytes are not in Salesforce */
};

struct version version_of(const struct document *);
/* The blob of its bytes; blob_put. Nothing is fetched before the first byte is read. Errors as store_get, and -EOPNOTSUPP where there are none. */
int	version_open(struct store *, struct rest *, const struct version *, struct blob **out);

#endif
