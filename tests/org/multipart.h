/*
 * multipart - a body of parts: a record as JSON, and the bytes of its file.
 *
 * Pure. Any thread.
 */
#ifndef ORG_MULTIPART_H
#define ORG_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

struct part {
	const char	*bytes;		/* into the body */
	size_t		 len;
	char		 name[64];
	bool		 has_file;	/* a filename was given */
};

/* The boundary in a Content-Type; false: not multipart/form-data. */
bool	multipart_boundary(const char *type, char out[72]);
/* Stores at most `room` parts; -1: malformed. */
int	multipart_parse(const char *body, size_t len, const char *boundary, struct part *out,
    int room);

#endif
