#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/org/reply.h"

static const struct error {
	const char *code;
	unsigned status;
	const char *message;
} errors[] = {
	{ "INVALID_SESSION_ID", 401, "Session expired or invalid" },
	{ "INVALID_AUTH_HEADER", 401, "INVALID_HEADER_TYPE" },
	{ "REQUEST_LIMIT_EXCEEDED", 403, "TotalRequests Limit exceeded." },
	{ "API_DISABLED_FOR_ORG", 403, "The REST API is not enabled for this Organization." },
	{ "API_CURRENTLY_DISABLED", 403, "API is disabled for this User" },
	{ "INSUFFICIENT_ACCESS", 403, "insufficient access rights on object id" },
	{ "FUNCTIONALITY_NOT_ENABLED", 403,
	    "This feature is not currently enabled for this user." },
	{ "NOT_FOUND", 404, "The requested resource does not exist" },
	{ "ENTITY_IS_DELETED", 404, "entity is deleted" },
	{ "METHOD_NOT_ALLOWED", 405, "HTTP Method not allowed." },
	{ "INVALID_QUERY_LOCATOR", 400, "invalid query locator" },
	{ "QUERY_TIMEOUT", 400, "Your query request was running for too long." },
	{ "MALFORMED_ID", 400, "malformed id" },
	{ "UNABLE_TO_LOCK_ROW", 400, "unable to obtain exclusive access to this record" },
	{ "STORAGE_LIMIT_EXCEEDED", 400, "storage limit exceeded" },
	{ "UNKNOWN_EXCEPTION", 500,
	    "An unexpected error occurred. Please include this ErrorId if you contact support: "
	    "1234567890-12345 (-1234567890)" },
	{ "SERVER_UNAVAILABLE", 503, "Server too busy" },
};

void
reply_init(struct reply *r)
{
	*r = (struct reply){ .status = 200 };
}

void
reply_free(struct reply *r)
{
	buf_free(&r->headers);
	buf_free(&r->body);
	free(r->file);
	r->file = NULL;
}

void
reply_reset(struct reply *r)
{
	reply_free(r);
	reply_init(r);
}

void
reply_header(struct reply *r, const char *fmt, ...)
{
	char line[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	line[strcspn(line, "\r\n")] = '\0';
	buf_puts(&r->headers, line);
	buf_putc(&r->headers, '\n');
}

static const struct error *
find_error(const char *code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].code, code) == 0)
			return &errors[i];
	return NULL;
}

void
reply_error_status(struct reply *r, unsigned status, const char *code, const char *message)
{
	const struct error *e = find_error(code);

	if (!message)
		message = e ? e->message : code;
	r->status = status ? status : e ? e->status : 400;
	r->type = REPLY_JSON;
	r->close = r->status == 401;
	buf_clear(&r->body);
	buf_puts(&r->body, "[{\"message\":");
	buf_put_json(&r->body, message, strlen(message));
	buf_puts(&r->body, ",\"errorCode\":");
	buf_put_json(&r->body, code, strlen(code));
	if (strcmp(code, "ENTITY_IS_DELETED") == 0)
		buf_puts(&r->body, ",\"fields\":[]");
	buf_puts(&r->body, "}]");
}

void
reply_error(struct reply *r, const char *code, const char *message)
{
	reply_error_status(r, 0, code, message);
}

void
reply_oauth_error(struct reply *r, const char *error, const char *description)
{
	r->status = 400;
	r->type = REPLY_JSON;
	buf_clear(&r->body);
	buf_puts(&r->body, "{\"error\":");
	buf_put_json(&r->body, error, strlen(error));
	if (description) {
		buf_puts(&r->body, ",\"error_description\":");
		buf_put_json(&r->body, description, strlen(description));
	}
	buf_putc(&r->body, '}');
}

void
reply_refusal(struct reply *r, enum refusal_kind kind)
{
	reply_oauth_error(r, refusals[kind].error, refusals[kind].description);
}
