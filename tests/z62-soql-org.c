/* SOQL is accepted; any other text is refused, with the place of the fault. */
#include <errno.h>

#include "tests/org/soql.h"
#include "tap.h"

static const char *const good[] = {
	"SELECT Id FROM ContentDocument",
	"select id from contentdocument",
	"SELECT Id,Title , Owner.Name\nFROM\tContentDocument",
	"SELECT COUNT() FROM X",
	"SELECT count ( ) FROM X",
	"SELECT COUNT(Id) FROM X",
	"SELECT COUNT(Id) n, COUNT(A) FROM X",
	"SELECT FIELDS(ALL) FROM X LIMIT 200",
	"SELECT FIELDS(STANDARD) FROM X",
	"SELECT c.Id FROM X c WHERE c.Id = 'a'",
	"SELECT Id FROM X WHERE A = 1",
	"SELECT Id FROM X WHERE A=-1.5 AND B<>2 AND C != 3 AND D<=4 AND E>=5",
	"SELECT Id FROM X WHERE (A = 1 AND B = 2) OR C = 3",
	"SELECT Id FROM X WHERE NOT A = 1",
	"SELECT Id FROM X WHERE (NOT A = 1) AND B = 2",
	"SELECT Id FROM X WHERE NOT (A = 1 OR B = 2)",
	"SELECT Id FROM X WHERE ((((A = 1))))",
	"SELECT Id FROM X WHERE A IN ('a','b') AND B NOT IN (1, 2)",
	"SELECT Id FROM X WHERE A IN (SELECT B FROM Y WHERE C = 1)",
	"SELECT Id FROM X WHERE A LIKE 'a\\_b\\%%'",
	"SELECT Id FROM X WHERE A = 'it\\'s \\\\ \\n \\\"'",
	"SELECT Id FROM X WHERE A = null AND B = TRUE AND C = false",
	"SELECT Id FROM X WHERE A > 2024-01-01T00:00:00Z",
	"SELECT Id FROM X WHERE A > 2024-01-01T00:00:00.000+01:00 AND B = 2024-01-01",
	"SELECT Id FROM X ORDER BY A, B DESC NULLS LAST, C ASC NULLS FIRST LIMIT 10 OFFSET 5",
	"SELECT Id FROM X WHERE A = ''",
	"SELECT A.B.C.D.E.F FROM X",
	"SELECT A, COUNT(Id), COUNT_DISTINCT(B), SUM(C) s FROM X GROUP BY A HAVING COUNT(Id) > 1",
	"SELECT CALENDAR_YEAR(D) y, MAX(E) FROM X GROUP BY CALENDAR_YEAR(D) ORDER BY MAX(E) DESC",
	"SELECT MIN(A.B) FROM X WHERE DAY_ONLY(D) = 2024-01-01",
	"SELECT Id, (SELECT Id FROM Ys WHERE A = 1 ORDER BY B LIMIT 2) FROM X",
	"SELECT TYPEOF A WHEN B THEN C, D.E WHEN F THEN G ELSE Id END FROM X",
	"SELECT toLabel(A), FIELDS(CUSTOM) FROM X LIMIT 1",
	"SELECT Id FROM X WHERE A = TODAY OR A > LAST_N_DAYS:30 OR A IN (LAST_WEEK, "
	"NEXT_N_FISCAL_YEARS:2)",
	"SELECT Id FROM X USING SCOPE mine WHERE A = 1 LIMIT 1 FOR VIEW",
	"SELECT Id FROM X WITH SECURITY_ENFORCED LIMIT 1 FOR VIEW, FOR REFERENCE",
};

static const struct {
	const char *text;
	int column;	/* of the fault; 0: not reported */
} bad[] = {
	{ "", 1 },
	{ " ", 2 },
	{ "SELECT", 7 },
	{ "SELECT Id", 10 },
	{ "SELECT Id FROM", 15 },
	{ "SELECT FROM X", 8 },
	{ "SELECT Id FORM X", 16 },
	{ "SELECT * FROM X", 8 },
	{ "SELECT Id FROM X;", 17 },
	{ "SELECT Id FROM X WHERE", 23 },
	{ "SELECT Id FROM X WHERE A", 25 },
	{ "SELECT Id FROM X WHERE A =", 27 },
	{ "SELECT Id FROM X WHERE A = b", 28 },
	{ "SELECT Id FROM X WHERE A == 1", 27 },
	{ "SELECT Id FROM X WHERE A = 'a", 28 },
	{ "SELECT Id FROM X WHERE A = 'a\\q'", 0 },
	{ "SELECT Id FROM X WHERE A = 'a\\_'", 0 },
	{ "SELECT Id FROM X WHERE A = 1 AND B = 2 OR C = 3", 40 },
	{ "SELECT Id FROM X WHERE A = 1 OR B = 2 AND C = 3", 39 },
	{ "SELECT Id FROM X WHERE NOT A = 1 AND B = 2", 34 },
	{ "SELECT Id FROM X WHERE A = 1 AND NOT B = 2", 34 },
	{ "SELECT Id FROM X WHERE (A = 1", 30 },
	{ "SELECT Id FROM X WHERE A = 1)", 29 },
	{ "SELECT Id FROM X WHERE A IN ()", 30 },
	{ "SELECT Id FROM X WHERE A IN (1,)", 32 },
	{ "SELECT Id FROM X WHERE A NOT LIKE 'a'", 30 },
	{ "SELECT Id FROM X LIMIT", 23 },
	{ "SELECT Id FROM X LIMIT x", 24 },
	{ "SELECT Id FROM X LIMIT -1", 24 },
	{ "SELECT Id FROM X LIMIT 1.5", 24 },
	{ "SELECT Id FROM X LIMIT 99999999999999999999", 24 },
	{ "SELECT Id FROM X ORDER A", 24 },
	{ "SELECT Id FROM X ORDER BY", 26 },
	{ "SELECT Id FROM X ORDER BY A NULLS", 34 },
	{ "SELECT Id FROM X LIMIT 1 ORDER BY A", 26 },
	{ "SELECT Id FROM X GROUP A", 24 },
	{ "SELECT Id FROM X GROUP BY ROLLUP(A)", 33 },
	{ "SELECT Id FROM X HAVING COUNT(Id) > 1", 18 },
	{ "SELECT MIN(MAX(Id)) FROM X", 15 },
	{ "SELECT FOO(Id) FROM X", 11 },
	{ "SELECT (SELECT Id FROM Y FROM X", 26 },
	{ "SELECT TYPEOF A ELSE Id END FROM X", 17 },
	{ "SELECT TYPEOF A WHEN B THEN Id FROM X", 32 },
	{ "SELECT FIELDS(SOME) FROM X", 15 },
	{ "SELECT Id FROM X WHERE A = LAST_N_DAYS", 39 },
	{ "SELECT Id FROM X WHERE A = LAST_N_DAYS:-1", 40 },
	{ "SELECT Id FROM X WHERE A = LAST_N_DAYS:1.5", 0 },
	{ "SELECT Id FROM X WHERE A = TODAY:1", 33 },
	{ "SELECT Id FROM X WHERE A = LAST_DAY", 28 },
	{ "SELECT Id FROM X USING SCOPE ALL", 30 },
	{ "SELECT Id FROM X FOR UPDATE", 22 },
	{ "SELECT Id, FROM X", 12 },
	{ "SELECT Id FROM X, Y", 17 },
	{ "SELECT Id FROM X WHERE A = 1 2", 30 },
	{ "SELECT Id FROM X WHERE A = 2024-13-01", 28 },
	{ "SELECT A.B.C.D.E.F.G.H FROM X", 0 },
	{ "SELECT Id\nFROM X\nWHERE", 6 },
	{ "SELECT Id FROM X WHERE A = \"a\"", 28 },
};

static int
parse(const char *text, size_t len, struct soql_error *error)
{
	struct soql_tree *tree = NULL;
	int rc = soql_parse(text, len, &tree, error);

	if (rc == 0)
		soql_free(tree);
	return rc;
}

static void
check_bad(const char *text, int column)
{
	struct soql_error error = { NULL, BUF_INIT };
	int rc = parse(text, strlen(text), &error), at = 0;
	const char *where = strstr(buf_str(&error.message), ":Column:");

	if (where)
		sscanf(where, ":Column:%d", &at);
	if (!ok(rc == -EINVAL && strcmp(error.code, "MALFORMED_QUERY") == 0 && at == column,
		"refused at %d: %.*s", column, (int)strcspn(text, "\n"), text))
		printf("# %d at %d: %s\n", rc, at, buf_str(&error.message));
	buf_free(&error.message);
}

/* No query is too deep or too long for the stack. */
static void
check_monster(const char *head, const char *unit, size_t times)
{
	struct soql_error error = { NULL, BUF_INIT };
	struct buf text = BUF_INIT;

	buf_puts(&text, head);
	for (size_t i = 0; i < times; i++)
		buf_puts(&text, unit);
	ok(parse(buf_str(&text), text.len, &error) == -EINVAL, "%zu of '%s' are refused", times,
	    unit);
	buf_free(&text);
	buf_free(&error.message);
}

int
main(void)
{
	struct soql_error error = { NULL, BUF_INIT };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!ok(parse(good[i], strlen(good[i]), &error) == 0, "taken: %.*s",
			(int)strcspn(good[i], "\n"), good[i]))
			printf("# %s\n", buf_str(&error.message));
		buf_free(&error.message);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i].text, bad[i].column);
	check_monster("SELECT Id FROM X WHERE ", "(", 50000);
	check_monster("SELECT Id FROM X WHERE ", "NOT ", 20000);
	check_monster("SELECT Id FROM X WHERE A IN (", "SELECT A FROM X WHERE A IN (", 3000);
	check_monster("SELECT Id", ",Id", 40000);
	check_monster("SELECT ", "COUNT(", 16000);
	check_monster("SELECT ", "(SELECT ", 12000);
	check_monster("SELECT ", "TYPEOF A WHEN B THEN ", 4000);
	check_monster("SELECT Id FROM X WHERE A = '", "a", 200000);
	ok(parse("SELECT Id\0FROM X", 16, &error) == -EINVAL, "a NUL is refused");
	buf_free(&error.message);
	return tap_done();
}
