/* No text crashes a query: it runs, or is refused with a code and a message. */
#include <errno.h>
#include <stdlib.h>

#include "tests/org/query.h"
#include "tap.h"

#define ROUNDS	20000

static const char *const seeds[] = {
	"SELECT Id, Title, Owner.Name, LatestPublishedVersion.Checksum FROM ContentDocument WHERE "
	"Id > '069000000000000' ORDER BY Id LIMIT 2000",
	"SELECT Id FROM ContentVersion WHERE (IsLatest = true AND ContentSize >= 10.5) OR Title "
	"LIKE '%a\\_b%' ORDER BY Title DESC NULLS LAST, Id",
	"SELECT LinkedEntityId, LinkedEntity.Name FROM ContentDocumentLink WHERE LinkedEntityId IN "
	"(SELECT Id FROM Account WHERE Name LIKE 'A%')",
	"SELECT COUNT(Id) n, COUNT(Title) FROM ContentDocument d WHERE d.SystemModstamp >= "
	"2020-01-01T00:00:00.000+01:00 OFFSET 3",
	"SELECT FIELDS(ALL) FROM ContentVersion WHERE NOT (ContentDocumentId IN "
	"('0695g00002BLnMWAA1', null) OR FileType != null) LIMIT 20",
	"SELECT Title, IsFolder FROM ContentFolderItem WHERE ParentContentFolderId = "
	"'07H5g00002BLnMWEA1' AND Id NOT IN ('0695g00002BLnMW')",
	"SELECT FileType, COUNT(Id) n, MAX(ContentSize), COUNT_DISTINCT(Title) FROM "
	"ContentDocument WHERE CreatedDate > LAST_N_DAYS:30 GROUP BY FileType HAVING "
	"COUNT(Id) > 1 ORDER BY "
	"MAX(ContentSize) DESC LIMIT 5",
	"SELECT Id, (SELECT VersionNumber FROM ContentVersions WHERE IsLatest = true LIMIT 2) FROM "
	"ContentDocument WHERE CALENDAR_YEAR(CreatedDate) = 2020 LIMIT 9 FOR VIEW",
	"SELECT TYPEOF LinkedEntity WHEN Account THEN Name, Phone WHEN User THEN Email ELSE Id END "
	"FROM ContentDocumentLink WHERE LinkedEntity.Type != 'User' LIMIT 3",
};

#define SEEDS	(sizeof(seeds) / sizeof(seeds[0]))

static const char *const pieces[] = {
	"SELECT ",
	" FROM ",
	" WHERE ",
	" AND ",
	" OR ",
	" NOT ",
	" IN ",
	"(",
	")",
	",",
	".",
	"'",
	"\\",
	"\\'",
	"%",
	"_",
	"null",
	" = ",
	"!=",
	"<",
	">",
	"Id",
	"Title",
	"ContentDocument",
	"User",
	"Owner.",
	"LatestPublishedVersion.",
	"ContentDocument.",
	"LinkedEntity.",
	"COUNT()",
	"COUNT(",
	"-1",
	"99999999999",
	"1e400",
	"2024-01-01",
	"2024-01-01T00:00:00Z",
	"true",
	" ORDER BY ",
	" LIMIT ",
	" OFFSET ",
	"\n",
	"\t",
	"\xc3\xa4",
	"\xff",
	"\x01",
	"VersionData",
	"'069zzzzzzzzzzzzAAA'",
	"''",
	"FIELDS(ALL)",
	" GROUP BY ",
	" HAVING ",
	"MIN(",
	"SUM(",
	"HOUR_IN_DAY(",
	"TODAY",
	"NEXT_N_YEARS:99999",
	"(SELECT Id FROM ContentDocumentLinks)",
	"TYPEOF ",
	" WHEN ",
	" ELSE ",
	" END",
};

#define PIECES	(sizeof(pieces) / sizeof(pieces[0]))

/* xorshift: the same rounds every time. */
static uint64_t
next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A seed in which some places are cut, doubled, or replaced by a piece. */
static void
mutate(uint64_t *state, struct buf *out)
{
	const char *seed = seeds[next(state) % SEEDS];
	size_t len = strlen(seed), at = 0;
	unsigned changes = (unsigned)(next(state) % 4) + 1;

	buf_clear(out);
	while (changes-- > 0 && at < len) {
		size_t until = at + next(state) % (len - at);
		size_t skip = next(state) % 3 ? next(state) % 12 : 0;
		const char *piece = pieces[next(state) % PIECES];

		buf_put(out, seed + at, until - at);
		if (next(state) % 5)
			buf_puts(out, piece);
		at = until + skip < len ? until + skip : len;
		if (next(state) % 16 == 0)
			at = at / 2;
	}
	if (at < len)
		buf_put(out, seed + at, len - at);
}

int
main(void)
{
	struct data *d = NULL;
	struct buf text = BUF_INIT, records = BUF_INIT;
	uint64_t state = 88172645463325252u;
	unsigned taken = 0, refused = 0, strange = 0;

	if (!ok(data_new(&d) == 0 && data_make(d, 60, false) == 0, "a synthetic org is made"))
		return tap_done();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rows_view view = {
			.deleted = i & 1, .all_files = i & 2, .version = i & 4 ? 66 : 50
		};
		struct soql_error error = { NULL, BUF_INIT };
		const struct query_style style = { .late = i & 8 };
		struct query_rows rows = { 0 };
		struct query *q = NULL;

		mutate(&state, &text);
		int rc = query_bind(buf_str(&text), text.len, &view, &q, &error);
		if (rc == 0 && query_run(q, d, &rows) == 0) {
			buf_clear(&records);
			query_put_records(q, d, &rows, 0,
			    rows.number || rows.groups ? rows.count : 0, &style, &records);
			taken++;
		} else if (rc == -EINVAL && error.code && error.message.len > 0) {
			refused++;
		} else {
			printf("# %d: %s\n", rc, buf_str(&text));
			strange++;
		}
		query_rows_free(&rows);
		query_free(q);
		buf_free(&error.message);
	}
	is_int(strange, 0, "each text is taken or refused");
	ok(taken > ROUNDS / 50 && refused > ROUNDS / 2,
	    "some texts are taken (%u), most are refused (%u)",
	    taken, refused);
	buf_free(&text);
	buf_free(&records);
	data_free(d);
	return tap_done();
}
