/*
 * login_page - the page that the browser shows when it comes back. It loads nothing.
 *
 * Pure. Any thread.
 */
#ifndef AUTH_LOGIN_PAGE_H
#define AUTH_LOGIN_PAGE_H

#include <stdbool.h>

#include "buf.h"

/* title and text are plain text. */
void	login_page(struct buf *out, bool good, const char *title, const char *text);

#endif
