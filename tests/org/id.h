/*
 * id - Salesforce record Ids.
 *
 * An Id has 15 characters: a prefix that names the object, the pod, nine digits in base 62. Three
 * more make it unique where case is lost. The Ids of an object count upwards, so they sort as their
 * numbers.
 *
 * Pure but for the pod, which is chosen once. Any thread.
 */
#ifndef ORG_ID_H
#define ORG_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_SIZE		19	/* 18 characters and a NUL */

/* Chooses the pod of this process by a text. Call it before the first Id is made; the default is
 * 5g0. */
void	id_choose_pod(const char *text);
void	id_make(const char *prefix, uint64_t number, char out[ID_SIZE]);
/* Turns 15 or 18 characters into the canonical 18. False: not an Id, or a wrong suffix. */
bool	id_parse(const char *s, size_t len, char out[ID_SIZE]);
/* False: not an Id of this prefix and pod, or below the first one. */
bool	id_number(const char *id, const char *prefix, uint64_t *out);
/* Returns the first number whose Id is not below `id`, in Salesforce's order; UINT64_MAX: none. */
uint64_t id_lower_bound(const char *id, const char *prefix);
/* The 3 characters that follow the 15. */
void	id_suffix(const char *id15, char out[3]);

#endif
