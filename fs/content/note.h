/*
 * note - the HTML of a note as plain text.
 *
 * Tags and comments are left out. An element that begins a line in a browser begins a line, a run
 * of blanks becomes one blank, an entity becomes its character. All else stays. The same HTML gives
 * the same text on every machine.
 *
 * Pure. Any thread.
 */
#pragma once

#include "auth/buf.h"

#define NOTE_RENDERER	"note-1"	/* changes when the same HTML gives another text */

void	note_put_text(struct buf *, const char *html, size_t n);
