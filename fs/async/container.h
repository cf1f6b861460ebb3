/*
 * container - from a member to its struct: from a job or a wait to what it works for.
 *
 * Pure.
 */
#pragma once

#include <stddef.h>

/* The struct of that type whose member is at p. */
#define CONTAINER_OF(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))
