/*
 * describe - objects and fields as JSON, for the describe resources.
 *
 * Pure. Any thread.
 */
#ifndef ORG_DESCRIBE_H
#define ORG_DESCRIBE_H

#include "auth/buf.h"

#include "tests/org/schema.h"

void	describe_global(unsigned version, struct buf *out);			/* /sobjects */
void	describe_basic(const struct object *, unsigned version, struct buf *out); /* /sobjects/X */
void	describe_object(
    const struct object *, unsigned version, struct buf *out); /* /sobjects/X/describe */

#endif
