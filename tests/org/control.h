/*
 * control - /_org/: the requests by which a test watches and changes the org.
 *
 * They need no token, never appear in the journal, and meet no fault. Parameters come in the query
 * or in a form (`curl -d`); a form wins. Answers are plain text: lines of fields with TABs between.
 * The status is 200; 400, with one line that says why; 404 for something that does not exist; 408
 * when a wait timed out.
 *
 * GET  /_org/journal [match=GLOB]     the requests: number, method, path, status, bytes,
 *                                     whole|cut|-, query
 * GET  /_org/count [match=GLOB]       how many
 * POST /_org/journal/clear
 * GET  /_org/wait match=GLOB [count=1] [timeout=30] [state=arrived|ended]
 *      answers when `count` matching requests have arrived (or ended) since the last clear
 * GET  /_org/wait held=N [timeout=30] answers when N requests are being held
 *
 * A GLOB is matched with "METHOD path" and with "METHOD path?query", decoded. The query of a
 * request with a Range ends with "Range: bytes=...".
 *
 * POST /_org/fault kind=KIND [match=*] [times=1|forever, 0 is forever] [skip=0] ...
 *      arranges what a request gets instead of its answer, by KIND:
 *      error [status=] [code=UNKNOWN_EXCEPTION] [message=]     the array of the API
 *      oauth-error [status=400] [name=expired-token | code=invalid_grant message=]
 *                            the object of OAuth; at authorize, what a browser gets;
 *                            refusal.c has the names
 *      body [status=200] [type=] body=TEXT                     just this
 *      html [status=502]  garbage [status=200]  empty [status=200]
 *      drop                  the connection is closed without an answer
 *      not-http              the same, after some bytes that are not HTTP
 *      lost                  the request is served, but its answer is lost: a write is done
 *      hold                  waits for /_org/release, then answers as usual
 *      delay ms=N
 *      drop-after bytes=N    the connection is closed after N bytes of the body
 *      hold-after bytes=N    the body stops there until /_org/release, then goes on
 *      silent [bytes=0]      the same, but then the connection is closed
 *      corrupt [bytes=0]     one bit of byte N is flipped
 *      short bytes=N      long bytes=N      the body ends N bytes early, or has N more
 *      slow bytes=N          N bytes a second
 *      header="Name: value"  goes with any of these that answers (Retry-After, Location)
 * GET  /_org/fault                     the faults: kind, times left (-1: forever), match
 * POST /_org/fault/clear
 * POST /_org/release                   answers how many requests were held
 *
 * POST /_org/set NAME=VALUE ...        settings, as on the command line; GET /_org/set shows them
 * POST /_org/latency ms=N              short for set latency=N
 * POST /_org/expire-tokens             all access tokens become invalid
 * POST /_org/revoke                    all approvals, with their refresh tokens
 * POST /_org/approve [user=USERNAME]   gives a refresh token, as a login in a browser would
 * POST /_org/expire-locators           all query locators become invalid
 *
 * POST /_org/change op=OP ...  the document by id=069... (or by title=, the first of that
 *                              title); answers "069... 068..."
 *      add title= [path=TITLE.txt] [content=TEXT | file=PATH] [library=NAME] [account=NAME]
 *      new-version [path=] [content=TEXT | file=PATH] [reason=]
 *      replace [content=TEXT | file=PATH]     other bytes under the latest version's Id
 *      rename to=TITLE
 *      delete  undelete  archive  unarchive  unshare  share
 *      date [created=] [modified=] [stamp=]   CreatedDate, ContentModifiedDate, SystemModstamp:
 *                         seconds since 1970
 *      empty-bin          deleted documents vanish from queryAll; needs no document
 * GET  /_org/document title= | id=     answers "069... 068...", and changes nothing
 */
#ifndef ORG_CONTROL_H
#define ORG_CONTROL_H

struct org;
struct request;
struct reply;

void	control_serve(struct org *, const struct request *, struct reply *);

#endif
