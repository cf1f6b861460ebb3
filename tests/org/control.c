#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/cursor.h"
#include "tests/org/data.h"
#include "tests/org/fault.h"
#include "tests/org/http.h"
#include "tests/org/journal.h"
#include "tests/org/org.h"
#include "tests/org/refusal.h"
#include "tests/org/reply.h"
#include "tests/org/rows.h"
#include "tests/org/token.h"
#include "tests/org/control.h"

#define WAIT_DEFAULT	30
#define WAIT_MAX	600	/* seconds */

struct call {
	struct org	*org;
	const struct request *request;
	struct reply	*reply;
};

__attribute__((format(printf, 3, 4)))
static void
refuse(struct call *c, unsigned status, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->reply->status = status;
	buf_clear(&c->reply->body);
	buf_printf(&c->reply->body, "%s\n", text);
}

/* A parameter of the form or the query; caller frees. NULL: not given. */
static char *
param(const struct call *c, const char *name)
{
	char *form = request_form(c->request, name);
	const char *query = form ? NULL : request_param(c->request, name, NULL);

	return form ? form : query ? strdup(query) : NULL;
}

/* Reads a number >= 0; `otherwise` if it is not given. False: refused. */
static bool
number_param(struct call *c, const char *name, uint64_t otherwise, uint64_t *out)
{
	char *s = param(c, name), *end = s;
	bool good = true;

	*out = otherwise;
	if (s) {
		errno = 0;
		*out = strtoull(s, &end, 10);
		good = *s >= '0' && *s <= '9' && *end == '\0' && errno == 0;
		if (!good)
			refuse(c, 400, "%s: not a number", name);
	}
	free(s);
	return good;
}

/* The journal */

static void
serve_journal(struct call *c)
{
	char *match = param(c, "match");

	journal_put(c->org->journal, match, &c->reply->body);
	free(match);
}

static void
serve_count(struct call *c)
{
	char *match = param(c, "match");

	buf_printf(&c->reply->body, "%zu\n", journal_count(c->org->journal, match));
	free(match);
}

static void
serve_clear(struct call *c)
{
	journal_clear(c->org->journal);
}

static void
serve_wait(struct call *c)
{
	char *match = param(c, "match"), *state = param(c, "state");
	uint64_t count, timeout, held;

	if (!number_param(c, "count", 1, &count) ||
	    !number_param(c, "timeout", WAIT_DEFAULT, &timeout) ||
	    !number_param(c, "held", 0, &held))
		goto out;
	if (timeout > WAIT_MAX)
		timeout = WAIT_MAX;
	if (state && strcmp(state, "arrived") != 0 && strcmp(state, "ended") != 0)
		refuse(c, 400, "state: arrived or ended");
	else if (held ? !faults_wait_held(c->org->faults, held, (unsigned)timeout) :
			!journal_wait(c->org->journal, match, count,
			    state && strcmp(state, "ended") == 0, (unsigned)timeout))
		refuse(c, 408, "not within %u seconds", (unsigned)timeout);
out:
	free(match);
	free(state);
}

/* Faults */

/* An OAuth error by its name, or in its own words. */
static bool
name_error(struct call *c, struct fault *f)
{
	char *name = param(c, "name");
	const struct refusal *refusal = name ? refusal_find(name) :
	    !f->code && !f->message	     ? &refusals[REFUSAL_EXPIRED_TOKEN] :
					       NULL;
	bool good = !name || refusal;

	if (!good)
		refuse(c, 400, "name: not one of those that there are: %s", name);
	if (refusal) {
		free(f->code);
		free(f->message);
		f->code = strdup(refusal->error);
		f->message = refusal->description ? strdup(refusal->description) : NULL;
		good = f->code && (f->message || !refusal->description);
	} else if (good && !f->code) {
		f->code = strdup("invalid_grant");
		good = f->code;
	}
	free(name);
	return good;
}

static bool
fill_fault(struct call *c, struct fault *f)
{
	char *times = param(c, "times"), *kind = param(c, "kind");
	uint64_t n, status, skip, ms;
	bool good = false;

	f->match = param(c, "match");
	f->code = param(c, "code");
	f->message = param(c, "message");
	f->body = param(c, "body");
	f->type = param(c, "type");
	f->header = param(c, "header");
	f->times = -1;
	if (!kind || !fault_kind_parse(kind, &f->kind))
		refuse(c, 400, "kind: not one of those that there are");
	else if (times && strcmp(times, "forever") == 0)
		good = true;
	else if (number_param(c, "times", 1, &n)) {
		f->times = n == 0 ? -1 : (int64_t)(n & INT64_MAX);
		good = true;
	}
	good = good && number_param(c, "status", 0, &status) && number_param(c, "skip", 0, &skip) &&
	    number_param(c, "ms", 0, &ms) && number_param(c, "bytes", 0, &f->bytes);
	if (good && f->kind == FAULT_OAUTH_ERROR)
		good = name_error(c, f);
	if (good && status && (status < 200 || status > 599)) {
		refuse(c, 400, "status: 200 to 599");
		good = false;
	}
	if (good) {
		f->status = (unsigned)status;
		f->skip = (int64_t)(skip & INT64_MAX);
		f->ms = ms < 600000 ? (unsigned)ms : 600000;
	}
	if (!f->match)
		f->match = strdup("*");
	free(times);
	free(kind);
	return good && f->match;
}

static void
serve_fault(struct call *c)
{
	struct fault *f;

	if (strcmp(c->request->method, "GET") == 0) {
		faults_list(c->org->faults, &c->reply->body);
		return;
	}
	f = calloc(1, sizeof(*f));
	if (f && fill_fault(c, f)) {
		faults_add(c->org->faults, f);
		return;
	}
	fault_free(f);
	if (c->reply->status == 200)
		refuse(c, 500, "out of memory");
}

static void
serve_fault_clear(struct call *c)
{
	faults_clear(c->org->faults);
}

static void
serve_release(struct call *c)
{
	buf_printf(&c->reply->body, "%zu\n", faults_release(c->org->faults));
}

/* Settings and tokens */

static void
set_one(void *ctx, const char *name, const char *value)
{
	struct call *c = ctx;
	const char *why;

	if (!settings_set(&c->org->settings, name, value, &why))
		refuse(c, 400, "%s: %s", name, why);
}

static void
serve_set(struct call *c)
{
	if (strcmp(c->request->method, "GET") == 0)
		settings_put(&c->org->settings, &c->reply->body);
	else
		request_pairs(c->request, set_one, c);
}

static void
serve_latency(struct call *c)
{
	char *ms = param(c, "ms");
	const char *why;

	if (!ms || !settings_set(&c->org->settings, "latency", ms, &why))
		refuse(c, 400, "ms: not a number in its range");
	free(ms);
}

static void
serve_expire_tokens(struct call *c)
{
	tokens_expire(c->org->tokens);
}

static void
serve_revoke(struct call *c)
{
	tokens_revoke(c->org->tokens);
}

static void
serve_approve(struct call *c)
{
	struct holder holder = {
		.user = DATA_RUN_AS, .scopes = SCOPE_API | SCOPE_REFRESH, .issued = org_now(c->org)
	};
	char *user = param(c, "user"), token[TOKEN_SIZE];

	if (user && !data_find_user(user, &holder.user))
		refuse(c, 404, "no such user: %s", user);
	else if (approval_give(c->org->tokens, &holder, token))
		buf_printf(&c->reply->body, "%s\n", token);
	else
		refuse(c, 500, "no randomness");
	free(user);
}

static void
serve_expire_locators(struct call *c)
{
	cursors_expire(c->org->cursors);
}

/* Changes */

static bool
find_title(struct data *d, const char *title, uint32_t *out)
{
	struct document space;
	char text[VALUE_SPACE];
	bool found = false;

	data_lock(d);
	for (uint32_t i = 0; i < data_document_count(d) && !found; i++) {
		const struct document *doc = data_document(d, i, &space);

		data_title(d, doc, text);
		found = strcmp(text, title) == 0 && !(doc->state & DOCUMENT_GONE);
		*out = i;
	}
	data_unlock(d);
	return found;
}

/* Finds the document of id= or title=; false: refused. */
static bool
find_document(struct call *c, uint32_t *out)
{
	const struct object *object = &schema_objects[OBJECT_DOCUMENT];
	char *id = param(c, "id"), *title = param(c, "title"), parsed[ID_SIZE];
	bool found = false;

	if (id) {
		data_lock(c->org->data);
		found = id_parse(id, strlen(id), parsed) &&
		    rows_find(c->org->data, object, parsed, out);
		data_unlock(c->org->data);
	} else if (title) {
		found = find_title(c->org->data, title, out);
	}
	if (!found)
		refuse(c, 404, "no such document: %s",
		    id	      ? id :
			title ? title :
				"id= or title= is missing");
	free(id);
	free(title);
	return found;
}

static void
put_document(struct call *c, uint32_t number)
{
	struct document space;
	char document[ID_SIZE], version[ID_SIZE];

	data_lock(c->org->data);
	const struct document *doc = data_document(c->org->data, number, &space);
	id_make("069", number, document);
	id_make("068", doc->versions[doc->count - 1].row, version);
	data_unlock(c->org->data);
	buf_printf(&c->reply->body, "%s %s\n", document, version);
}

/* The path of the previous version, for a new one without a path. */
static char *
old_path(struct call *c, uint32_t number)
{
	struct document space;
	char path[VALUE_SPACE];

	data_lock(c->org->data);
	const struct document *doc = data_document(c->org->data, number, &space);
	data_path_on_client(c->org->data, doc, &doc->versions[doc->count - 1], path);
	data_unlock(c->org->data);
	return strdup(path);
}

static char *
text_path(const char *title)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s.txt", title);
	return buf_detach(&path);
}

static int
find_place(struct call *c, enum place_kind kind, const char *param_name, uint32_t *out)
{
	char *name = param(c, param_name);
	int rc = name ? place_want(c->org->data, kind, name, DOCUMENT_NONE, DOCUMENT_NONE,
			    org_now(c->org), out) :
			0;

	free(name);
	return rc;
}

static int
add_document(struct call *c, const struct upload *up, uint32_t *number)
{
	struct placing at = PLACING_NONE;
	char *title = param(c, "title");
	int rc = -EINVAL;

	if (!title) {
		refuse(c, 400, "title= is missing");
		return rc;
	}
	rc = find_place(c, PLACE_LIBRARY, "library", &at.library);
	if (rc == 0)
		rc = find_place(c, PLACE_ACCOUNT, "account", &at.record);
	if (at.library != DOCUMENT_NONE) {
		data_lock(c->org->data);
		at.folder = place_root(c->org->data, at.library);
		data_unlock(c->org->data);
	}
	if (rc == 0)
		rc = data_add_document(c->org->data, title, &at, up, org_now(c->org), number);
	free(title);
	return rc;
}

/* add, new-version and replace bring bytes. */
enum bringing { ADD, NEW_VERSION, REPLACE };

static void
change_bytes(struct call *c, enum bringing how, uint32_t number)
{
	char *path = param(c, "path"), *title = param(c, "title"), *file = param(c, "file"),
	     *content = param(c, "content"), *reason = param(c, "reason");
	int rc = 0;

	if (!path)
		path = how == ADD ? (title ? text_path(title) : NULL) : old_path(c, number);
	struct upload up = {
		.path_on_client = path ? path : "",
		.file = file,
		.bytes = content ? content : "",
		.len = content ? strlen(content) : 0,
		.reason = reason,
		.modified = org_now(c->org),
	};
	if (how == ADD)
		rc = add_document(c, &up, &number);
	else if (how == NEW_VERSION)
		rc = data_add_version(c->org->data, number, &up, org_now(c->org));
	else
		rc = data_replace_version(c->org->data, number, &up, org_now(c->org));
	if (rc == 0)
		put_document(c, number);
	else if (c->reply->status == 200)
		refuse(c, 400, "%s: %s", file ? file : "change", strerror(-rc));
	free(path);
	free(title);
	free(file);
	free(content);
	free(reason);
}

static void
change_title(struct call *c, uint32_t number)
{
	char *to = param(c, "to");

	if (!to)
		refuse(c, 400, "to= is missing");
	else if (data_rename(c->org->data, number, to, org_now(c->org)) != 0)
		refuse(c, 500, "out of memory");
	else
		put_document(c, number);
	free(to);
}

static void
change_dates(struct call *c, uint32_t number)
{
	static const char *const names[DATA_DATES] = { "created", "modified", "stamp" };

	for (unsigned i = 0; i < DATA_DATES; i++) {
		char *seconds = param(c, names[i]);

		if (seconds &&
		    data_set_date(c->org->data, number, i, strtoll(seconds, NULL, 10) * 1000) != 0)
			refuse(c, 500, "out of memory");
		free(seconds);
	}
	put_document(c, number);
}

static const struct {
	const char *op;
	unsigned set, clear;
} marks[] = {
	{ "delete", DOCUMENT_DELETED, 0 }, { "undelete", 0, DOCUMENT_DELETED },
	{ "archive", DOCUMENT_ARCHIVED, 0 }, { "unarchive", 0, DOCUMENT_ARCHIVED },
	{ "unshare", DOCUMENT_UNSHARED, 0 }, { "share", 0, DOCUMENT_UNSHARED },
};

static void
change_marks(struct call *c, const char *op, uint32_t number)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (strcmp(marks[i].op, op) != 0)
			continue;
		if (data_mark(c->org->data, number, marks[i].set, marks[i].clear,
		    org_now(c->org)) == 0)
			put_document(c, number);
		else
			refuse(c, 500, "out of memory");
		return;
	}
	refuse(c, 400, "op: not one of those that there are");
}

static void
serve_change(struct call *c)
{
	char *op = param(c, "op");
	uint32_t number = 0;

	if (!op)
		refuse(c, 400, "op= is missing");
	else if (strcmp(op, "add") == 0)
		change_bytes(c, ADD, 0);
	else if (strcmp(op, "empty-bin") == 0)
		data_empty_bin(c->org->data);
	else if (!find_document(c, &number))
		;
	else if (strcmp(op, "new-version") == 0)
		change_bytes(c, NEW_VERSION, number);
	else if (strcmp(op, "replace") == 0)
		change_bytes(c, REPLACE, number);
	else if (strcmp(op, "rename") == 0)
		change_title(c, number);
	else if (strcmp(op, "date") == 0)
		change_dates(c, number);
	else
		change_marks(c, op, number);
	free(op);
}

static void
serve_document(struct call *c)
{
	uint32_t number;

	if (find_document(c, &number))
		put_document(c, number);
}

static const struct {
	const char *method, *path;
	void (*serve)(struct call *);
} routes[] = {
	{ "GET", "journal", serve_journal },
	{ "GET", "count", serve_count },
	{ "POST", "journal/clear", serve_clear },
	{ "GET", "wait", serve_wait },
	{ "GET", "fault", serve_fault },
	{ "POST", "fault", serve_fault },
	{ "POST", "fault/clear", serve_fault_clear },
	{ "POST", "release", serve_release },
	{ "GET", "set", serve_set },
	{ "POST", "set", serve_set },
	{ "POST", "latency", serve_latency },
	{ "POST", "expire-tokens", serve_expire_tokens },
	{ "POST", "revoke", serve_revoke },
	{ "POST", "approve", serve_approve },
	{ "POST", "expire-locators", serve_expire_locators },
	{ "POST", "change", serve_change },
	{ "GET", "document", serve_document },
};

void
control_serve(struct org *org, const struct request *q, struct reply *r)
{
	struct call c = { org, q, r };
	const char *path = q->path + strlen("/_org/");

	r->type = "text/plain;charset=UTF-8";
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, path) == 0 && strcmp(routes[i].method, q->method) == 0) {
			routes[i].serve(&c);
			return;
		}
	}
	refuse(&c, 404, "no such request: %s %s", q->method, q->path);
}
