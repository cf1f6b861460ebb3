/*
 * A tokeniser with one token of lookahead, and a recursive descent over it. After an error every
 * further step fails, so that only loops have to check.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/arena.h"
#include "tests/org/soql.h"

#define TEXT_MAX	100000	/* characters of a query */
#define LITERAL_MAX	4000	/* of a string */
#define DEPTH_MAX	100
#define SHOWN		60	/* characters on either side of an error */

enum token { T_END, T_WORD, T_STRING, T_LITERAL, T_SYMBOL, T_BAD };

struct soql_tree {
	struct arena	 arena;
	char		*text;
	size_t		 len;
	struct soql	*query;
};

struct parser {
	struct soql_tree *tree;
	struct soql_error *error;
	int		 rc;
	unsigned	 depth;
	size_t		 next;		/* where the next token begins */
	enum token	 token;
	size_t		 at, len;	/* this token */
};

static void *
alloc(struct parser *p, size_t size)
{
	void *q = p->rc == 0 ? arena_get(&p->tree->arena, size) : NULL;

	if (!q && p->rc == 0)
		p->rc = -ENOMEM;
	return q;
}

void
soql_error_at(const struct soql_tree *tree, size_t at, struct soql_error *error, const char *code,
    const char *fmt, ...)
{
	size_t line = 0, row = 1, from, to;
	va_list ap;
	char text[512];

	if (at > tree->len)
		at = tree->len;
	for (size_t i = 0; i < at; i++) {
		if (tree->text[i] == '\n') {
			line = i + 1;
			row++;
		}
	}
	from = at - line > SHOWN ? at - SHOWN : line;
	for (to = at; to < tree->len && tree->text[to] != '\n' && to - at < SHOWN; to++)
		continue;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error->code = code;
	buf_clear(&error->message);
	buf_putc(&error->message, '\n');
	buf_put(&error->message, tree->text + from, to - from);
	buf_printf(&error->message, "\n%*s^\nERROR at Row:%zu:Column:%zu\n%s", (int)(at - from), "",
	    row, at - line + 1, text);
}

static void
fail_plain(struct parser *p, const char *message)
{
	if (p->rc != 0)
		return;
	p->rc = -EINVAL;
	p->error->code = "MALFORMED_QUERY";
	buf_clear(&p->error->message);
	buf_puts(&p->error->message, message);
}

static void
fail_here(struct parser *p)
{
	if (p->rc != 0)
		return;
	p->rc = -EINVAL;
	if (p->token == T_END)
		soql_error_at(p->tree, p->at, p->error, "MALFORMED_QUERY",
		    "unexpected token: '<EOF>'");
	else
		soql_error_at(p->tree, p->at, p->error, "MALFORMED_QUERY",
		    "unexpected token: '%.*s'", (int)(p->len < 64 ? p->len : 64),
		    p->tree->text + p->at);
}

/* Tokens */

static bool
is_word(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (!first && (c == '_' || (c >= '0' && c <= '9')));
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
string_length(const char *s, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == '\'')
			return i + 1;
	}
	return 0;
}

/* The token at s, n > 0 bytes. */
static enum token
classify(const char *s, size_t n, size_t *len)
{
	size_t i = 1;

	*len = 1;
	if (is_word(*s, true)) {
		while (i < n && is_word(s[i], false))
			i++;
		*len = i;
		return T_WORD;
	}
	if (*s == '\'') {
		*len = string_length(s, n);
		if (*len != 0)
			return T_STRING;
		*len = n;
		return T_BAD;
	}
	/* Numbers, dates and times: the parser tells them apart when it needs one. */
	if (is_digit(*s) ||
	    ((*s == '-' || *s == '+' || *s == '.') && n > 1 && (is_digit(s[1]) || s[1] == '.'))) {
		while (i < n && (is_word(s[i], false) || strchr(".:+-", s[i])) && s[i] != '\0')
			i++;
		*len = i;
		return T_LITERAL;
	}
	if (n > 1 &&
	    (memcmp(s, "!=", 2) == 0 || memcmp(s, "<>", 2) == 0 || memcmp(s, "<=", 2) == 0 ||
		memcmp(s, ">=", 2) == 0)) {
		*len = 2;
		return T_SYMBOL;
	}
	return *s != '\0' && strchr("(),.:=<>", *s) ? T_SYMBOL : T_BAD;
}

static void
advance(struct parser *p)
{
	const char *s = p->tree->text;
	size_t n = p->tree->len, i = p->next;

	while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r'))
		i++;
	p->at = i;
	p->len = 0;
	p->token = i < n ? classify(s + i, n - i, &p->len) : T_END;
	p->next = i + p->len;
	if (p->token == T_BAD)
		fail_here(p);
}

static bool
is_keyword(const struct parser *p, const char *word)
{
	return p->token == T_WORD && p->len == strlen(word) &&
	    strncasecmp(p->tree->text + p->at, word, p->len) == 0;
}

static bool
is_symbol(const struct parser *p, const char *symbol)
{
	return p->token == T_SYMBOL && p->len == strlen(symbol) &&
	    memcmp(p->tree->text + p->at, symbol, p->len) == 0;
}

static bool
accept_keyword(struct parser *p, const char *word)
{
	if (p->rc != 0 || !is_keyword(p, word))
		return false;
	advance(p);
	return true;
}

static bool
accept_symbol(struct parser *p, const char *symbol)
{
	if (p->rc != 0 || !is_symbol(p, symbol))
		return false;
	advance(p);
	return true;
}

static void
expect_keyword(struct parser *p, const char *word)
{
	if (!accept_keyword(p, word))
		fail_here(p);
}

static void
expect_symbol(struct parser *p, const char *symbol)
{
	if (!accept_symbol(p, symbol))
		fail_here(p);
}

static bool
is_reserved(const struct parser *p)
{
	static const char *const words[] = {
		"SELECT",
		"FROM",
		"WHERE",
		"AND",
		"OR",
		"NOT",
		"IN",
		"LIKE",
		"ORDER",
		"ASC",
		"DESC",
		"NULLS",
		"LIMIT",
		"OFFSET",
		"TRUE",
		"FALSE",
		"NULL",
		"GROUP",
		"HAVING",
		"USING",
		"WITH",
		"FOR",
		"TYPEOF",
		"WHEN",
		"THEN",
		"ELSE",
		"END",
		"INCLUDES",
		"EXCLUDES",
		"UPDATE",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_keyword(p, words[i]))
			return true;
	return false;
}

static void
parse_name(struct parser *p, struct soql_name *out)
{
	if (p->rc != 0 || p->token != T_WORD || is_reserved(p)) {
		fail_here(p);
		return;
	}
	*out = (struct soql_name){ p->tree->text + p->at, p->len };
	advance(p);
}

static const char *const aggregates[SOQL_AGGREGATES] = {
	[SOQL_COUNT] = "COUNT",
	[SOQL_COUNT_DISTINCT] = "COUNT_DISTINCT",
	[SOQL_SUM] = "SUM",
	[SOQL_AVG] = "AVG",
	[SOQL_MIN] = "MIN",
	[SOQL_MAX] = "MAX",
};

const char *
soql_aggregate_name(enum soql_aggregate a)
{
	return aggregates[a];
}

static bool
is_named(const struct soql_name *n, const char *word)
{
	return n->len == strlen(word) && strncasecmp(n->s, word, n->len) == 0;
}

/* The name that was read is a function if it is known and a parenthesis follows. */
static bool
is_function(struct parser *p, struct soql_path *path)
{
	const struct soql_name *n = &path->part[0];

	if (path->count != 1 || !is_symbol(p, "("))
		return false;
	path->moment = moment_function(n->s, n->len);
	for (unsigned a = SOQL_COUNT; a < SOQL_AGGREGATES; a++)
		if (is_named(n, aggregates[a]))
			path->aggregate = a;
	if (!path->moment && !path->aggregate && !is_named(n, "toLabel"))
		fail_here(p);
	return p->rc == 0;
}

static void
parse_names(struct parser *p, struct soql_path *out)
{
	out->at = p->at;
	out->count = 0;
	do {
		if (out->count == SOQL_LEVELS + 1) {
			fail_plain(p,
			    "SOQL supports up to 5 levels of child-to-parent relationships");
			return;
		}
		parse_name(p, &out->part[out->count++]);
	} while (accept_symbol(p, "."));
}

/* Names, or a function of names. */
static void
parse_path(struct parser *p, struct soql_path *out)
{
	parse_names(p, out);
	if (p->rc == 0 && is_function(p, out)) {
		size_t at = out->at;

		expect_symbol(p, "(");
		parse_names(p, out);
		expect_symbol(p, ")");
		out->at = at;
	}
}

/* Literals */

/* \n and the like; false: no such escape. */
static bool
unescape(char c, char *out)
{
	static const char from[] = "nNrRtTbBfF\"'\\", to[] = "\n\n\r\r\t\t\b\b\f\f\"'\\";
	const char *found = c ? strchr(from, c) : NULL;

	if (found)
		*out = to[found - from];
	return found != NULL;
}

static void
parse_string(struct parser *p, bool like, struct soql_literal *out)
{
	const char *s = p->tree->text + p->at + 1;
	size_t n = p->len - 2, len = 0;
	char *text = alloc(p, 2 * n + 1);

	for (size_t i = 0; text && i < n; i++) {
		char c = s[i];

		if (c == '\\') {
			c = s[++i];
			if (like && (c == '_' || c == '%')) {
				text[len++] = '\\';
			} else if (!unescape(c, &c)) {
				fail_plain(p,
				    "Invalid string literal: illegal character sequence after \\");
				return;
			} else if (like && c == '\\') {
				text[len++] = '\\';
			}
		}
		text[len++] = c;
	}
	if (len > LITERAL_MAX)
		fail_plain(p, "string literal is too long: more than 4000 characters");
	out->kind = VALUE_TEXT;
	out->text = text;
	out->len = len;
	advance(p);
}

static void
parse_number(struct parser *p, struct soql_literal *out)
{
	const char *s = p->tree->text + p->at;
	char number[48], *end;

	if (p->len >= sizeof(number)) {
		fail_here(p);
		return;
	}
	memcpy(number, s, p->len);
	number[p->len] = '\0';
	if (strspn(number, "0123456789+-.eE") != p->len) {
		fail_here(p);
		return;
	}
	errno = 0;
	if (number[strcspn(number, ".eE")] == '\0') {
		out->kind = VALUE_NUMBER;
		out->number = strtoll(number, &end, 10);
	} else {
		out->kind = VALUE_REAL;
		out->real = strtod(number, &end);
	}
	if (*end != '\0' || errno != 0)
		fail_here(p);
	else
		advance(p);
}

/* TODAY, LAST_N_DAYS:30 */
static void
parse_moment(struct parser *p, struct soql_literal *out)
{
	const char *name = p->tree->text + p->at;
	size_t len = p->len;
	bool counted;

	if (p->token != T_WORD || !moment_literal(name, len, 0, &counted, &out->range)) {
		fail_here(p);
		return;
	}
	advance(p);
	if (counted) {
		struct soql_literal n = { 0 };

		expect_symbol(p, ":");
		if (p->rc == 0 && (p->token != T_LITERAL || p->tree->text[p->at] == '-'))
			fail_here(p);
		if (p->rc == 0)
			parse_number(p, &n);
		if (p->rc == 0 && (n.kind != VALUE_NUMBER || n.number > MOMENT_MOST))
			fail_plain(p, "the number of a date literal is out of range");
		if (p->rc == 0)
			moment_literal(name, len, n.number, &counted, &out->range);
	}
	out->kind = VALUE_DATE;
	out->is_range = true;
}

static void
parse_literal(struct parser *p, bool like, struct soql_literal *out)
{
	const char *s = p->tree->text + p->at;

	if (p->rc != 0)
		return;
	if (p->token == T_STRING) {
		parse_string(p, like, out);
	} else if (p->token == T_LITERAL) {
		if (datetime_parse(s, p->len, &out->number))
			out->kind = VALUE_DATETIME;
		else if (date_parse(s, p->len, &out->number))
			out->kind = VALUE_DATE;
		else {
			parse_number(p, out);
			return;
		}
		advance(p);
	} else if (is_keyword(p, "TRUE") || is_keyword(p, "FALSE")) {
		out->kind = VALUE_BOOLEAN;
		out->number = is_keyword(p, "TRUE");
		advance(p);
	} else if (accept_keyword(p, "NULL")) {
		out->kind = VALUE_NULL;
	} else {
		parse_moment(p, out);
	}
}

/* Conditions */

static struct soql_condition *parse_conditions(struct parser *);
static struct soql *parse_select(struct parser *, bool inner);

static void
parse_in(struct parser *p, struct soql_condition *c)
{
	struct soql_literal **last = &c->literals;

	expect_symbol(p, "(");
	if (p->rc == 0 && is_keyword(p, "SELECT")) {
		c->query = parse_select(p, true);
	} else {
		do {
			*last = alloc(p, sizeof(**last));
			if (!*last)
				return;
			parse_literal(p, false, *last);
			last = &(*last)->next;
		} while (accept_symbol(p, ","));
	}
	expect_symbol(p, ")");
}

static bool
parse_operator(struct parser *p, enum soql_op *op)
{
	static const struct {
		const char *symbol;
		enum soql_op op;
	} symbols[] = {
		{ "=", SOQL_EQ },
		{ "!=", SOQL_NE },
		{ "<>", SOQL_NE },
		{ "<", SOQL_LT },
		{ ">", SOQL_GT },
		{ "<=", SOQL_LE },
		{ ">=", SOQL_GE },
	};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		if (accept_symbol(p, symbols[i].symbol)) {
			*op = symbols[i].op;
			return true;
		}
	}
	if (accept_keyword(p, "LIKE"))
		*op = SOQL_LIKE;
	else if (accept_keyword(p, "IN"))
		*op = SOQL_IN;
	else if (accept_keyword(p, "NOT")) {
		expect_keyword(p, "IN");
		*op = SOQL_NOT_IN;
	} else
		return false;
	return p->rc == 0;
}

static void
parse_test(struct parser *p, struct soql_condition *c)
{
	c->node = SOQL_TEST;
	parse_path(p, &c->path);
	if (!parse_operator(p, &c->op)) {
		fail_here(p);
		return;
	}
	if (c->op == SOQL_IN || c->op == SOQL_NOT_IN) {
		parse_in(p, c);
		return;
	}
	c->literals = alloc(p, sizeof(*c->literals));
	if (c->literals)
		parse_literal(p, c->op == SOQL_LIKE, c->literals);
}

/* One test, or conditions in parentheses. */
static struct soql_condition *
parse_simple(struct parser *p)
{
	struct soql_condition *c;

	if (accept_symbol(p, "(")) {
		c = parse_conditions(p);
		expect_symbol(p, ")");
		return c;
	}
	c = alloc(p, sizeof(*c));
	if (c) {
		c->at = p->at;
		parse_test(p, c);
	}
	return c;
}

/*
 * NOT simple | simple { AND simple } | simple { OR simple }. A NOT beside AND or OR needs
 * parentheses, and so does a mix of the two.
 */
static struct soql_condition *
parse_conditions(struct parser *p)
{
	struct soql_condition *join, *c;

	if (++p->depth > DEPTH_MAX)
		fail_plain(p, "WHERE clause is nested too deeply");
	bool negated = accept_keyword(p, "NOT");
	c = parse_simple(p);
	if (p->rc != 0)
		return NULL;
	bool is_and = is_keyword(p, "AND");
	if (negated || is_and || is_keyword(p, "OR")) {
		join = alloc(p, sizeof(*join));
		if (!join)
			return NULL;
		join->node = negated ? SOQL_NOT : is_and ? SOQL_AND : SOQL_OR;
		join->first = c;
		while (c && !negated && accept_keyword(p, is_and ? "AND" : "OR")) {
			c->next = parse_simple(p);
			c = c->next;
		}
		c = join;
	}
	p->depth--;
	return p->rc == 0 ? c : NULL;
}

/* The rest */

/* FIELDS(ALL); false: something else, and nothing was read. */
static bool
parse_fields(struct parser *p, struct soql_item *item)
{
	static const char *const words[] = {
		[SOQL_FIELDS_ALL] = "ALL",
		[SOQL_FIELDS_STANDARD] = "STANDARD",
		[SOQL_FIELDS_CUSTOM] = "CUSTOM",
	};
	struct parser before = *p;

	item->path.at = p->at;
	if (!accept_keyword(p, "FIELDS") || !accept_symbol(p, "(")) {
		if (p->rc == 0)
			*p = before;
		return false;
	}
	for (unsigned k = SOQL_FIELDS_ALL; k <= SOQL_FIELDS_CUSTOM && !item->kind; k++)
		if (accept_keyword(p, words[k]))
			item->kind = k;
	if (!item->kind)
		fail_here(p);
	expect_symbol(p, ")");
	return true;
}

/* Fields with commas between. */
static void
parse_plain(struct parser *p, struct soql_item **last)
{
	do {
		*last = alloc(p, sizeof(**last));
		if (!*last)
			return;
		parse_path(p, &(*last)->path);
		last = &(*last)->next;
	} while (accept_symbol(p, ","));
}

/* TYPEOF Owner WHEN User THEN Name, Email ELSE Id END */
static void
parse_typeof(struct parser *p, struct soql_item *item)
{
	struct soql_when **last = &item->when;
	bool more = true;

	item->kind = SOQL_TYPEOF;
	parse_path(p, &item->path);
	do {
		struct soql_when *w = *last = alloc(p, sizeof(**last));

		if (!w)
			return;
		more = accept_keyword(p, "WHEN");
		if (more) {
			parse_name(p, &w->type);
			expect_keyword(p, "THEN");
		} else if (w == item->when) {
			fail_here(p);
		} else if (!accept_keyword(p, "ELSE")) {
			*last = NULL;
			break;
		}
		parse_plain(p, &w->items);
		last = &w->next;
	} while (more && p->rc == 0);
	expect_keyword(p, "END");
}

static void
parse_item(struct parser *p, struct soql_item *item)
{
	if (p->rc != 0)
		return;
	if (accept_symbol(p, "(")) {
		item->kind = SOQL_CHILDREN;
		item->path.at = p->at;
		item->query = parse_select(p, false);
		expect_symbol(p, ")");
	} else if (accept_keyword(p, "TYPEOF")) {
		parse_typeof(p, item);
	} else if (!parse_fields(p, item)) {
		parse_path(p, &item->path);
		if (p->rc == 0 && p->token == T_WORD && !is_reserved(p))
			parse_name(p, &item->alias);
	}
}

/* SELECT COUNT() FROM: not a field, and the only item. */
static bool
parse_count(struct parser *p)
{
	struct parser before = *p;

	if (accept_keyword(p, "COUNT") && accept_symbol(p, "(") && accept_symbol(p, ")"))
		return true;
	if (p->rc == 0)
		*p = before;
	return false;
}

static struct soql_item *
parse_list(struct parser *p)
{
	struct soql_item *first = NULL, **last = &first;

	do {
		*last = alloc(p, sizeof(**last));
		if (!*last)
			break;
		parse_item(p, *last);
		last = &(*last)->next;
	} while (accept_symbol(p, ","));
	return first;
}

/* ORDER BY, and GROUP BY, which has no directions. */
static void
parse_order(struct parser *p, bool group, struct soql_order **last)
{
	expect_keyword(p, "BY");
	do {
		struct soql_order *o = *last = alloc(p, sizeof(**last));

		if (!o)
			return;
		parse_path(p, &o->path);
		last = &o->next;
		if (group)
			continue;
		o->descending = accept_keyword(p, "DESC");
		if (!o->descending)
			accept_keyword(p, "ASC");
		if (accept_keyword(p, "NULLS")) {
			o->nulls_last = accept_keyword(p, "LAST");
			if (!o->nulls_last)
				expect_keyword(p, "FIRST");
		}
	} while (accept_symbol(p, ","));
}

static int64_t
parse_count_of_rows(struct parser *p)
{
	struct soql_literal literal = { 0 };

	if (p->rc == 0 &&
	    (p->token != T_LITERAL || strspn(p->tree->text + p->at, "0123456789") < p->len))
		fail_here(p);
	if (p->rc == 0)
		parse_number(p, &literal);
	return literal.number;
}

/* What the org takes and does not act upon: who runs a query sees the same rows. */
static void
parse_scope(struct parser *p)
{
	static const char *const scopes[] = { "EVERYTHING", "MINE", "MY_TERRITORY",
		"MY_TEAM_TERRITORY", "TEAM", "DELEGATED" };
	bool good = false;

	expect_keyword(p, "SCOPE");
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]) && !good; i++)
		good = accept_keyword(p, scopes[i]);
	if (!good)
		fail_here(p);
}

static void
parse_for(struct parser *p)
{
	do {
		expect_keyword(p, "FOR");
		if (!accept_keyword(p, "VIEW"))
			expect_keyword(p, "REFERENCE");
	} while (accept_symbol(p, ","));
}

static struct soql *
parse_select(struct parser *p, bool inner)
{
	struct soql *q = alloc(p, sizeof(*q));

	if (!q)
		return NULL;
	if (++p->depth > DEPTH_MAX)
		fail_plain(p, "query is nested too deeply");
	q->limit = q->offset = -1;
	expect_keyword(p, "SELECT");
	if (inner)
		parse_item(p, q->items = alloc(p, sizeof(*q->items)));
	else if (!(q->count = parse_count(p)))
		q->items = parse_list(p);
	expect_keyword(p, "FROM");
	q->from_at = p->at;
	parse_name(p, &q->from);
	if (p->rc == 0 && p->token == T_WORD && !is_reserved(p))
		parse_name(p, &q->alias);
	if (!inner && accept_keyword(p, "USING"))
		parse_scope(p);
	if (accept_keyword(p, "WHERE"))
		q->where = parse_conditions(p);
	if (!inner && accept_keyword(p, "WITH"))
		expect_keyword(p, "SECURITY_ENFORCED");
	if (!inner && accept_keyword(p, "GROUP"))
		parse_order(p, true, &q->group);
	if (q->group && accept_keyword(p, "HAVING"))
		q->having = parse_conditions(p);
	if (!inner && accept_keyword(p, "ORDER"))
		parse_order(p, false, &q->order);
	if (!inner && accept_keyword(p, "LIMIT"))
		q->limit = parse_count_of_rows(p);
	q->offset_at = p->at;
	if (!inner && accept_keyword(p, "OFFSET"))
		q->offset = parse_count_of_rows(p);
	if (!inner && is_keyword(p, "FOR"))
		parse_for(p);
	p->depth--;
	return q;
}

int
soql_parse(const char *text, size_t len, struct soql_tree **out, struct soql_error *error)
{
	struct soql_tree *tree = calloc(1, sizeof(*tree));
	struct parser p = { .tree = tree, .error = error };

	if (!tree)
		return -ENOMEM;
	tree->text = malloc(len + 1);
	if (!tree->text) {
		free(tree);
		return -ENOMEM;
	}
	memcpy(tree->text, text, len);
	tree->text[len] = '\0';
	tree->len = len;
	if (len > TEXT_MAX)
		fail_plain(&p, "SOQL statements cannot be longer than 100000 characters.");
	advance(&p);
	tree->query = parse_select(&p, false);
	if (p.rc == 0 && p.token != T_END)
		fail_here(&p);
	if (p.rc == 0 && error->message.failed)
		p.rc = -ENOMEM;
	if (p.rc != 0)
		soql_free(tree);
	else
		*out = tree;
	return p.rc;
}

const struct soql *
soql_query(const struct soql_tree *tree)
{
	return tree->query;
}

void
soql_free(struct soql_tree *tree)
{
	if (!tree)
		return;
	arena_free(&tree->arena);
	free(tree->text);
	free(tree);
}
