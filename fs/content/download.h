/*
 * download - the bytes of a ContentVersion, which come into the store when they are first read.
 *
 * A struct download is a value: it outlives the record that it was made of.
 *
 * Joins store and rest. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/document.h"

struct blob;
struct rest;
struct store;

struct download {
	char		id[19];
	struct document_content name;	/* of its blob, and of all that is made of it */
	char		md5[33];	/* "": the org gives none */
	uint64_t	size;
	bool		tabs;		/* its extension says tab-separated values */
	bool		note;
	bool		elsewhere;	/* its bytes are not in Salesforce */
};

struct download download_of(const struct document *);
/*
 * The blob of its bytes; blob_put. Nothing is fetched before the first byte is read. Errors as
 * store_get, and -EOPNOTSUPP where there are no bytes.
 */
int	download_open(struct store *, struct rest *, const struct download *, struct blob **out);
