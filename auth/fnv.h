/*
 * fnv - the hash FNV-1a: short, and the same on every machine, so that it may be stored. Bytes that
 * somebody chooses can collide.
 *
 * Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FNV_NONE	UINT64_C(0xcbf29ce484222325)	/* the hash of no bytes */

/* Extends hash h by n bytes. */
static inline uint64_t
fnv_add(uint64_t h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * UINT64_C(0x100000001b3);
	return h;
}
