/*
 * id - Salesforce record ids.
 *
 * An id is 15 characters: a prefix that tells the object, the pod, nine digits
 * in base 62; and 3 more that make it unique where case is lost. Ids of one
 * object count upwards, so their order is the order of their numbers.
 *
 * Pure but for the pod, which is chosen once. Any thread.
 */
#ifndef ORG_ID_H
#define ORG_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_SIZE		19	/* 18 characters and a NUL */

/* Chooses the pod by a text, from then on, in this process: before the first id is made. 5g0 until
 * then. */
void	id_choose_pod(const char *text);
void	id_make(const char *prefix, uint64_t number, char out[ID_SIZE]);
/* 15 or 18 characters (then the suffix must be right) to the 18 of the canonical form. */
bool	id_parse(const char *s, size_t len, char out[ID_SIZE]);
/* False: not an id of this prefix and pod, or one below the first. */
bool	id_number(const char *id, const char *prefix, uint64_t *out);
/* The first number whose id is not below `id`, as the server orders ids; UINT64_MAX: none. */
uint64_t id_lower_bound(const char *id, const char *prefix);
/* The 3 characters that follow the 15. */
void	id_suffix(const char *id15, char out[3]);

#endif
