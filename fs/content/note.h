/*
 * note - the HTML of a note as plain text.
 *
 * Tags and comments go, what begins a line in a browser begins one here, runs of blanks are one
 * blank, entities become their characters. What is no markup stays as it is. The same HTML gives
 * the same text on every machine.
 *
 * Pure. Any thread.
 */
#ifndef FS_CONTENT_NOTE_H
#define FS_CONTENT_NOTE_H

#include "auth/buf.h"

#define NOTE_RENDERER	"note-1"	/* changes when the same HTML gives another text */

void	note_put_text(struct buf *, const char *html, size_t n);

#endif
