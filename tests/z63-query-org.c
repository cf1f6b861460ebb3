/* Queries find the right rows in the right order, or are refused as in Salesforce. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>

#include "tests/org/query.h"
#include "tap.h"

#define DAY	86400000
#define NOW	(9 * DAY + DAY / 2)	/* a Saturday */
#define LIBRARY	"0585g00002BLnMWAA1"
#define ACCOUNT	"0015g00002BLnMWAA1"
#define ME	"0055g00002BLnMWAA1"

enum { ALL_FILES = 1, DELETED = 2, V58 = 4 };

/* The documents, in the order of their ids. */
static const struct {
	const char *title, *path, *bytes;
	unsigned state;
	int library, account, other;	/* other: somebody else's */
} documents[] = {
	{ "beta", "beta.csv", "a,b\n", 0, 0, 0, 0 },
	{ "Alpha", "alpha.txt", "hello", 0, 0, 0, 0 },
	{ "gamma 100%", "gamma", "", 0, 1, 0, 0 },
	{ "it's", "its.CSV", "x", 0, 0, 1, 0 },
	{ "deleted", "deleted.csv", "gone", DOCUMENT_DELETED, 0, 0, 0 },
	{ "archived", "archived.csv", "old", DOCUMENT_ARCHIVED, 0, 0, 0 },
	{ "hidden", "hidden.csv", "h", DOCUMENT_UNSHARED, 0, 0, 0 },
	{ "record only", "record.csv", "rr", 0, 0, 1, 1 },
	{ "not mine", "not.csv", "nn", 0, 0, 0, 1 },
	{ "alpha", "alpha.csv", "22", 0, 1, 0, 0 },
};

#define COUNT	(sizeof(documents) / sizeof(documents[0]))

static const struct {
	const char *soql;
	unsigned view;
	const char
	    *want; /* the first column of each row; or the error's code, with a ! before it */
} cases[] = {
	{ "SELECT Title FROM ContentDocument", ALL_FILES,
	    "beta|Alpha|gamma 100%|it's|record only|not mine|alpha" },
	{ "SELECT Title FROM ContentDocument", 0, "beta|Alpha|gamma 100%|it's|alpha" },
	{ "SELECT Title FROM ContentDocument", ALL_FILES | DELETED,
	    "beta|Alpha|gamma 100%|it's|deleted|archived|record only|not mine|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE IsDeleted = true", ALL_FILES | DELETED,
	    "deleted" },
	{ "SELECT Title FROM ContentDocument WHERE IsArchived = true", ALL_FILES | DELETED,
	    "archived" },
	{ "SELECT Title FROM ContentDocument WHERE Id = '0695g00002BLnMdAAL'", 0, "record only" },
	{ "SELECT Title FROM ContentDocument WHERE Id = '0695g00002BLnMeAAL'", 0, "" },
	{ "SELECT Title FROM ContentDocument WHERE Title = 'ALPHA'", ALL_FILES, "Alpha|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE Title != 'alpha' AND Title != 'beta'", ALL_FILES,
	    "gamma 100%|it's|record only|not mine" },
	{ "SELECT Title FROM ContentDocument WHERE Title > 'c' AND Title <= 'it\\'s'", ALL_FILES,
	    "gamma 100%|it's" },
	{ "SELECT Title FROM ContentDocument WHERE Title LIKE '%100\\%'", ALL_FILES, "gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE Title LIKE '_l%'", ALL_FILES, "Alpha|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE (NOT Title LIKE '%a%')", ALL_FILES,
	    "it's|record only|not mine" },
	{ "SELECT Title FROM ContentDocument WHERE Title IN ('beta', 'it\\'s', 'x')", ALL_FILES,
	    "beta|it's" },
	{ "SELECT Title FROM ContentDocument WHERE Title NOT IN ('beta', 'alpha', 'not mine', "
	    "'record only')",
	    ALL_FILES, "gamma 100%|it's" },
	{ "SELECT Title FROM ContentDocument WHERE FileExtension = null", ALL_FILES, "gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE FileExtension = ''", ALL_FILES, "gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE FileExtension != null AND FileExtension != "
	    "'csv'",
	    ALL_FILES, "Alpha" },
	{ "SELECT Title FROM ContentDocument WHERE FileExtension != 'csv'", ALL_FILES,
	    "Alpha|gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE ContentSize > 2 OR ContentSize = 0", ALL_FILES,
	    "beta|Alpha|gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE ContentSize >= 4.5", ALL_FILES, "Alpha" },
	{ "SELECT Title FROM ContentDocument WHERE SystemModstamp >= 1970-01-06T00:00:00Z AND "
	    "SystemModstamp < 1970-01-09T01:00:00+01:00",
	    ALL_FILES, "record only" },
	{ "SELECT Title FROM ContentDocument WHERE Id > '0695g00002BLnMX' ORDER BY Id LIMIT 2",
	    ALL_FILES, "gamma 100%|it's" },
	{ "SELECT Title FROM ContentDocument WHERE Id >= '0695g00002BLnMXAA1' AND Id < "
	    "'0695g00002BLnMZ'",
	    ALL_FILES, "Alpha|gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE Id > '069000000000000' ORDER BY Id LIMIT 1",
	    ALL_FILES, "beta" },
	{ "SELECT Title FROM ContentDocument WHERE Id > '069zzzzzzzzzzzz'", ALL_FILES, "" },
	{ "SELECT Title FROM ContentDocument WHERE Id IN ('0695g00002BLnMYAA1', "
	    "'0695g00002BLnMWAA1', '0695g00002BLnMW')",
	    ALL_FILES, "beta|gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE Id != '0695g00002BLnMWAA1' AND Title LIKE '%a'",
	    ALL_FILES, "Alpha|alpha" },
	{ "SELECT Title FROM ContentDocument ORDER BY Title", ALL_FILES,
	    "Alpha|alpha|beta|gamma 100%|it's|not mine|record only" },
	{ "SELECT Title FROM ContentDocument ORDER BY Title DESC LIMIT 2 OFFSET 1", ALL_FILES,
	    "not mine|it's" },
	{ "SELECT Title FROM ContentDocument ORDER BY FileExtension, Title", ALL_FILES,
	    "gamma 100%|alpha|beta|it's|not mine|record only|Alpha" },
	{ "SELECT Title FROM ContentDocument ORDER BY FileExtension DESC NULLS LAST, ContentSize "
	    "DESC LIMIT 2",
	    ALL_FILES, "Alpha|beta" },
	{ "SELECT Title FROM ContentDocument ORDER BY Id DESC LIMIT 2", ALL_FILES,
	    "alpha|not mine" },
	{ "SELECT Title FROM ContentDocument LIMIT 0", ALL_FILES, "" },
	{ "SELECT Title FROM ContentDocument ORDER BY Id OFFSET 5", ALL_FILES, "not mine|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE LatestPublishedVersion.VersionNumber = '2'",
	    ALL_FILES, "beta" },
	{ "SELECT Title FROM ContentDocument WHERE Owner.Name LIKE 'Alice%'", ALL_FILES,
	    "record only|not mine" },
	{ "SELECT Title FROM ContentDocument WHERE ParentId = '" LIBRARY "'", ALL_FILES,
	    "gamma 100%|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE Id IN (SELECT ContentDocumentId FROM "
	    "ContentVersion WHERE VersionNumber = '2')",
	    ALL_FILES, "beta" },
	{ "SELECT Title FROM ContentDocument WHERE Id NOT IN (SELECT ContentDocumentId FROM "
	    "ContentVersion WHERE FileType = 'CSV')",
	    ALL_FILES, "Alpha|gamma 100%" },
	{ "SELECT VersionNumber FROM ContentVersion WHERE ContentDocumentId = '0695g00002BLnMWAA1'",
	    ALL_FILES, "1|2" },
	{ "SELECT VersionNumber FROM ContentVersion WHERE ContentDocumentId = '0695g00002BLnMWAA1' "
	    "AND IsLatest = true",
	    ALL_FILES, "2" },
	{ "SELECT Checksum FROM ContentVersion WHERE Title = 'Alpha' LIMIT 1", ALL_FILES,
	    "5d41402abc4b2a76b9719d911017c592" },
	{ "SELECT v.VersionNumber FROM ContentVersion v WHERE v.ContentDocument.Title = 'beta' "
	    "ORDER BY v.VersionNumber DESC",
	    ALL_FILES, "2|1" },
	{ "SELECT ContentVersion.VersionData FROM ContentVersion WHERE Title = 'it\\'s'", ALL_FILES,
	    "/services/data/v66.0/sobjects/ContentVersion/0685g00002BLnMZAA1/VersionData" },
	{ "SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = "
	    "'0695g00002BLnMZAA1'",
	    0, ME "|" ACCOUNT },
	{ "SELECT Visibility FROM ContentDocumentLink WHERE LinkedEntityId = '" LIBRARY
	  "' AND ContentDocument.Title = 'alpha'",
	    0, "AllUsers" },
	{ "SELECT ShareType FROM ContentDocumentLink WHERE LinkedEntityId IN (SELECT Id FROM "
	    "Account WHERE Name = 'Acme')",
	    0, "V|V" },
	{ "SELECT ShareType FROM ContentDocumentLink WHERE LinkedEntity.Type = 'Account'",
	    ALL_FILES, "V|V" },
	{ "SELECT Title FROM ContentFolderItem WHERE ParentContentFolderId IN (SELECT Id FROM "
	    "ContentFolder)",
	    ALL_FILES, "gamma 100%|alpha" },
	{ "SELECT Name FROM ContentWorkspace", 0, "Sales" },
	{ "SELECT Name FROM Account", 0, "Acme" },
	{ "SELECT Name FROM User ORDER BY Name LIMIT 2", 0, "Alice Adams|Bob Brown" },
	{ "SELECT Name FROM Organization", 0, "Simulated Org" },
	{ "SELECT ContentSizeLong FROM ContentDocument LIMIT 1", ALL_FILES, "4" },

	{ "SELECT Id, Id FROM ContentDocument", 0, "!INVALID_FIELD" },
	{ "SELECT Foo FROM ContentDocument", 0, "!INVALID_FIELD" },
	{ "SELECT Foo.Id FROM ContentDocument", 0, "!INVALID_FIELD" },
	{ "SELECT Owner.Foo FROM ContentDocument", 0, "!INVALID_FIELD" },
	{ "SELECT Title.Id FROM ContentDocument", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM Name", 0, "!INVALID_TYPE" },
	{ "SELECT Id FROM ContentDocument WHERE Foo = 1", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument ORDER BY Foo", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument WHERE ContentSize = '1'", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument WHERE Title = 1", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument WHERE SystemModstamp > '2024-01-01T00:00:00Z'", 0,
	    "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument WHERE SystemModstamp > 2024-01-01", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument WHERE IsDeleted = 'true'", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument WHERE Id = 'x'", 0, "!INVALID_QUERY_FILTER_OPERATOR" },
	{ "SELECT Id FROM ContentDocument WHERE Id LIKE '069%'", 0,
	    "!INVALID_QUERY_FILTER_OPERATOR" },
	{ "SELECT Id FROM ContentDocument WHERE IsDeleted > false", 0,
	    "!INVALID_QUERY_FILTER_OPERATOR" },
	{ "SELECT Id FROM ContentVersion WHERE VersionData = 'x'", 0, "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument ORDER BY Description", 0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocument OFFSET 2001", 0, "!NUMBER_OUTSIDE_VALID_RANGE" },
	{ "SELECT Id, COUNT(Id) FROM ContentDocument", 0, "!MALFORMED_QUERY" },
	{ "SELECT FIELDS(ALL) FROM ContentDocument", 0, "!MALFORMED_QUERY" },
	{ "SELECT LatestPublishedVersion.VersionData FROM ContentDocument", 0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocument WHERE Title IN (SELECT Title FROM ContentVersion)", 0,
	    "!INVALID_FIELD" },
	{ "SELECT Id FROM ContentDocument WHERE Id IN (SELECT Title FROM ContentVersion)", 0,
	    "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocumentLink", 0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocumentLink", V58 | ALL_FILES, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId != '0695g00002BLnMZAA1'", 0,
	    "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId = '0695g00002BLnMZAA1' OR "
	    "LinkedEntityId = '" ME
	  "'",
	    0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId = '0695g00002BLnMZAA1' AND "
	    "ContentDocument.Title = 'x'",
	    0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentFolderItem", ALL_FILES, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentFolderMember", ALL_FILES, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentFolderMember WHERE ChildRecordId IN ('0695g00002BLnMZAA1')",
	    ALL_FILES, "!MALFORMED_QUERY" },
	{ "SELECT ContentSizeLong FROM ContentDocument", V58, "!INVALID_FIELD" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate = TODAY", ALL_FILES, "alpha" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate = N_DAYS_AGO:1", ALL_FILES,
	    "not mine" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate = LAST_N_DAYS:2", ALL_FILES,
	    "record only|not mine|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate < LAST_N_DAYS:2", ALL_FILES,
	    "beta|Alpha|gamma 100%|it's" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate = THIS_WEEK", ALL_FILES,
	    "it's|record only|not mine|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate = LAST_N_WEEKS:1", ALL_FILES,
	    "beta|Alpha|gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate > YESTERDAY", ALL_FILES, "alpha" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate >= YESTERDAY", ALL_FILES,
	    "not mine|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate <= LAST_WEEK", ALL_FILES,
	    "beta|Alpha|gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate != THIS_YEAR OR CreatedDate = "
	    "NEXT_MONTH OR CreatedDate = LAST_FISCAL_QUARTER",
	    ALL_FILES, "" },
	{ "SELECT Title FROM ContentDocument WHERE CreatedDate IN (TODAY, LAST_WEEK) AND "
	    "CreatedDate != LAST_N_YEARS:3",
	    ALL_FILES, "beta|Alpha|gamma 100%|alpha" },
	{ "SELECT Title FROM ContentDocument WHERE DAY_IN_MONTH(CreatedDate) = 3", ALL_FILES,
	    "gamma 100%" },
	{ "SELECT Title FROM ContentDocument WHERE DAY_ONLY(CreatedDate) = 1970-01-02", ALL_FILES,
	    "Alpha" },
	{ "SELECT Title FROM ContentDocument WHERE DAY_IN_WEEK(CreatedDate) = 7", ALL_FILES,
	    "gamma 100%|alpha" },
	{ "SELECT COUNT(Id) FROM ContentDocument GROUP BY FileExtension HAVING COUNT(Id) > 1",
	    ALL_FILES, "4" },
	{ "SELECT COUNT(Id), FileExtension FROM ContentDocument GROUP BY FileExtension HAVING "
	    "FileExtension != null AND MAX(ContentSize) < 5 ORDER BY COUNT(Id) DESC",
	    ALL_FILES, "4|1" },
	{ "SELECT MAX(ContentSize) FROM ContentDocument", ALL_FILES, "5" },
	{ "SELECT MIN(ContentSize) FROM ContentDocument", ALL_FILES, "0" },
	{ "SELECT SUM(ContentSize) FROM ContentDocument", ALL_FILES, "16" },
	{ "SELECT AVG(ContentSize) FROM ContentDocument WHERE ContentSize < 3", ALL_FILES, "1.4" },
	{ "SELECT COUNT_DISTINCT(ContentSize) FROM ContentDocument", ALL_FILES, "5" },
	{ "SELECT MAX(Title) FROM ContentDocument", ALL_FILES, "record only" },
	{ "SELECT COUNT(Id) FROM ContentDocument WHERE Title = 'none'", ALL_FILES, "0" },
	{ "SELECT SUM(ContentSize) FROM ContentDocument WHERE Title = 'none'", ALL_FILES, "" },
	{ "SELECT COUNT(Id) FROM ContentDocument WHERE Title = 'none' GROUP BY Title", ALL_FILES,
	    "" },
	{ "SELECT Owner.Name, COUNT(Id) n FROM ContentDocument GROUP BY Owner.Name ORDER BY "
	    "COUNT(Id) DESC",
	    ALL_FILES, "Integration User|Alice Adams" },
	{ "SELECT Owner.Name FROM ContentDocument GROUP BY Owner.Name ORDER BY Owner.Name LIMIT 1 "
	    "OFFSET 1",
	    ALL_FILES, "Integration User" },
	{ "SELECT CALENDAR_YEAR(CreatedDate), COUNT(Id) FROM ContentDocument GROUP BY "
	    "CALENDAR_YEAR(CreatedDate)",
	    ALL_FILES, "1970" },
	{ "SELECT Title, COUNT(Id) FROM ContentDocument", 0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocument WHERE COUNT(Id) > 1", 0, "!MALFORMED_QUERY" },
	{ "SELECT Title FROM ContentDocument GROUP BY Title HAVING ContentSize > 1", 0,
	    "!MALFORMED_QUERY" },
	{ "SELECT COUNT() FROM ContentDocument ORDER BY Title", 0, "!MALFORMED_QUERY" },
	{ "SELECT SUM(Title) FROM ContentDocument", 0, "!MALFORMED_QUERY" },
	{ "SELECT COUNT(Id) FROM ContentDocument LIMIT 1", 0, "!MALFORMED_QUERY" },
	{ "SELECT CreatedDate, COUNT(Id) FROM ContentDocument GROUP BY CreatedDate", 0,
	    "!MALFORMED_QUERY" },
	{ "SELECT Title t FROM ContentDocument", 0, "!MALFORMED_QUERY" },
	{ "SELECT CALENDAR_YEAR(CreatedDate) FROM ContentDocument", 0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocument WHERE CALENDAR_YEAR(Title) = 1", 0, "!MALFORMED_QUERY" },
	{ "SELECT Id FROM ContentDocument WHERE Title = TODAY", 0, "!INVALID_FIELD" },
	{ "SELECT (SELECT Id FROM Nothing) FROM ContentDocument", 0, "!INVALID_TYPE" },
	{ "SELECT (SELECT Id, (SELECT Id FROM Contacts) FROM Contacts) FROM Account", 0,
	    "!MALFORMED_QUERY" },
	{ "SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account", 0, "!MALFORMED_QUERY" },
	{ "SELECT TYPEOF Owner WHEN User THEN Name END FROM ContentDocument", 0, "!INVALID_FIELD" },
	{ "SELECT TYPEOF LinkedEntity WHEN Nothing THEN Name END FROM ContentDocumentLink", 0,
	    "!INVALID_TYPE" },
	{ "SELECT FIELDS(CUSTOM) FROM Account", 0, "!MALFORMED_QUERY" },
};

static struct data *
make_org(void)
{
	struct data *d = NULL;
	uint32_t library = DOCUMENT_NONE, account = DOCUMENT_NONE, number;
	int rc = data_new(&d);

	if (rc == 0)
		rc = place_want(d, PLACE_LIBRARY, "Sales", DOCUMENT_NONE, DOCUMENT_NONE, 0,
		    &library);
	if (rc == 0)
		rc =
		    place_want(d, PLACE_ACCOUNT, "Acme", DOCUMENT_NONE, DOCUMENT_NONE, 0, &account);
	for (size_t i = 0; i < COUNT && rc == 0; i++) {
		struct upload up = { .path_on_client = documents[i].path,
			.bytes = documents[i].bytes,
			.len = strlen(documents[i].bytes) };
		struct placing at = {
			documents[i].other,
			documents[i].library ? library : DOCUMENT_NONE,
			documents[i].library ? place_root(d, library) : DOCUMENT_NONE,
			PLACE_ACCOUNT,
			documents[i].account ? account : DOCUMENT_NONE,
			false,
		};

		rc = data_add_document(d, documents[i].title, &at, &up, (int64_t)i * DAY, &number);
		if (rc == 0 && documents[i].state)
			rc = data_mark(d, number, documents[i].state, 0, (int64_t)i * DAY);
	}
	struct upload second = { .path_on_client = "beta.csv", .bytes = "a,b\n", .len = 4 };
	if (rc == 0)
		rc = data_add_version(d, 0, &second, 1);
	return rc == 0 ? d : NULL;
}

/* The first column of each record, | between. */
static void
put_column(const char *json, struct buf *out)
{
	cJSON *records = cJSON_Parse(json), *record;

	if (!records)
		buf_puts(out, "no JSON");
	cJSON_ArrayForEach(record, records) {
		const cJSON *attributes = record->child,
			    *field = attributes ? attributes->next : NULL;

		if (out->len)
			buf_putc(out, '|');
		if (cJSON_IsString(field))
			buf_puts(out, field->valuestring);
		else if (cJSON_IsNumber(field))
			buf_printf(out, "%g", field->valuedouble);
	}
	cJSON_Delete(records);
}

static void
run(struct data *d, const char *soql, unsigned flags, struct buf *out, struct buf *records)
{
	struct rows_view view = { .deleted = flags & DELETED,
		.all_files = flags & ALL_FILES,
		.version = flags & V58 ? 58 : 66,
		.now = NOW };
	struct soql_error error = { NULL, BUF_INIT };
	const struct query_style style = { 0 };
	struct query_rows rows = { 0 };
	struct query *q = NULL;
	int rc = query_bind(soql, strlen(soql), &view, &q, &error);

	if (rc == -EINVAL) {
		buf_printf(out, "!%s", error.code);
	} else if (rc == 0) {
		data_lock(d);
		if (query_run(q, d, &rows) == 0)
			query_put_records(q, d, &rows, 0,
			    rows.number || rows.groups ? rows.count : 0, &style, records);
		data_unlock(d);
		put_column(buf_str(records), out);
	}
	query_rows_free(&rows);
	query_free(q);
	buf_free(&error.message);
}

/* The JSON of a record with every type of field. */
static void
check_form(struct data *d)
{
	struct buf out = BUF_INIT, records = BUF_INIT;

	run(d,
	    "SELECT Title, ContentSize, IsArchived, FileExtension, CreatedDate, ParentId, "
	    "LatestPublishedVersion.Checksum, Owner.Name FROM ContentDocument WHERE Id = "
	    "'0695g00002BLnMYAA1'",
	    ALL_FILES, &out, &records);
	is_str(buf_str(&records),
	    "[{\"attributes\":{\"type\":\"ContentDocument\","
	    "\"url\":\"/services/data/v66.0/sobjects/ContentDocument/0695g00002BLnMYAA1\"},"
	    "\"Title\":\"gamma 100%\",\"ContentSize\":0,\"IsArchived\":false,"
	    "\"FileExtension\":null,\"CreatedDate\":\"1970-01-03T00:00:00.000+0000\","
	    "\"ParentId\":\"" LIBRARY
	    "\",\"LatestPublishedVersion\":{\"attributes\":{\"type\":\"ContentVersion\","
	    "\"url\":\"/services/data/v66.0/sobjects/ContentVersion/0685g00002BLnMYAA1\"},"
	    "\"Checksum\":\"d41d8cd98f00b204e9800998ecf8427e\"},"
	    "\"Owner\":{\"attributes\":{\"type\":\"User\","
	    "\"url\":\"/services/data/v66.0/sobjects/User/" ME "\"},\"Name\":\"Integration "
	    "User\"}}]",
	    "a record has all its types in their form");
	buf_free(&out);
	buf_free(&records);
	run(d, "SELECT COUNT(Id), COUNT(FileExtension) n FROM ContentDocument", ALL_FILES, &out,
	    &records);
	is_str(buf_str(&records),
	    "[{\"attributes\":{\"type\":\"AggregateResult\"},\"expr0\":7,\"n\":6}]",
	    "COUNT(field) counts what is not null");
	buf_free(&out);
	buf_free(&records);
}

/* The JSON of parts of a record that are records, and the columns of a query. */
static void
check_parts(struct data *d)
{
	static const struct {
		const char *soql, *want, *what;
	} parts[] = {
		{ "SELECT Title, (SELECT VersionNumber FROM ContentVersions ORDER BY VersionNumber "
		  "DESC) FROM ContentDocument WHERE Title = 'beta'",
		    "\"ContentVersions\":{\"totalSize\":2,\"done\":true,\"records\":["
		    "{\"attributes\":{\"type\":\"ContentVersion\",\"url\":"
		    "\"/services/data/v66.0/sobjects/ContentVersion/0685g00002BLnMgAAL\"},"
		    "\"VersionNumber\":\"2\"},{\"attributes\":"
		    "{\"type\":\"ContentVersion\",\"url\":\"/services/data/v66.0/sobjects/"
		    "ContentVersion/0685g00002BLnMWAA1\"},\"VersionNumber\":\"1\"}]}}]",
		    "child records" },
		{ "SELECT Name, (SELECT Id FROM Contacts) FROM Account",
		    "\"Name\":\"Acme\",\"Contacts\":null}]", "no child records" },
		{ "SELECT TYPEOF LinkedEntity WHEN Account THEN Name, Phone ELSE Alias END FROM "
		  "ContentDocumentLink WHERE ContentDocument.Title = 'record only'",
		    "\"LinkedEntity\":{\"attributes\":{\"type\":\"Account\",\"url\":"
		    "\"/services/data/v66.0/sobjects/Account/" ACCOUNT "\"},\"Name\":\"Acme\","
		    "\"Phone\":null}", "a branch of TYPEOF" },
		{ "SELECT TYPEOF LinkedEntity WHEN Account THEN Phone ELSE Alias END FROM "
		  "ContentDocumentLink WHERE ContentDocument.Title = 'not mine'",
		    "\"Alias\":\"aadam\"}", "the other branch of TYPEOF" },
		{ "SELECT Owner.Name, COUNT(Id), MIN(ContentSize) least, MAX(CreatedDate) FROM "
		  "ContentDocument GROUP BY Owner.Name ORDER BY Owner.Name LIMIT 1",
		    "[{\"attributes\":{\"type\":\"AggregateResult\"},\"Name\":\"Alice Adams\","
		    "\"expr0\":2,\"least\":2,\"expr1\":\"1970-01-09T00:00:00.000+0000\"}]",
		    "a group" },
		{ "SELECT FIELDS(CUSTOM) FROM Account LIMIT 1", "\"External_Id__c\":null}]",
		    "FIELDS(CUSTOM)" },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct buf out = BUF_INIT, records = BUF_INIT;

		run(d, parts[i].soql, ALL_FILES, &out, &records);
		if (!ok(strstr(buf_str(&records), parts[i].want) != NULL, "JSON: %s",
			parts[i].what))
			printf("# %s %s\n", buf_str(&out), buf_str(&records));
		buf_free(&out);
		buf_free(&records);
	}
}

/* Synthetic documents are the same each time, and changes overlay them. */
static void
check_synthetic(void)
{
	struct buf first = BUF_INIT, second = BUF_INIT, records = BUF_INIT;
	struct data *d = NULL, *e = NULL;
	const char *soql =
	    "SELECT Title, LatestPublishedVersion.Checksum, ContentSize FROM ContentDocument";

	if (!ok(data_new(&d) == 0 && data_make(d, 500, false) == 0 && data_new(&e) == 0 &&
		    data_make(e, 500, false) == 0,
		"two synthetic orgs are made"))
		return;
	run(d, soql, ALL_FILES, &first, &records);
	buf_clear(&records);
	run(e, soql, ALL_FILES, &second, &records);
	ok(first.len > 1000 && strcmp(buf_str(&first), buf_str(&second)) == 0,
	    "two synthetic orgs have the same documents");
	struct upload up = { .path_on_client = "new.txt", .bytes = "new", .len = 3 };
	ok(data_rename(d, 7, "renamed", 2000000000000) == 0 &&
		data_add_version(d, 7, &up, 2000000000000) == 0 &&
		data_mark(d, 8, DOCUMENT_DELETED, 0, 2000000000000) == 0,
	    "a synthetic document is changed");
	buf_clear(&first);
	buf_clear(&records);
	run(d, "SELECT Title FROM ContentDocument WHERE SystemModstamp >= 2033-01-01T00:00:00Z",
	    ALL_FILES, &first, &records);
	is_str(buf_str(&first), "renamed", "a query finds the new title");
	buf_clear(&first);
	buf_clear(&records);
	run(d, "SELECT Checksum FROM ContentVersion WHERE Title = 'renamed' AND IsLatest = true",
	    ALL_FILES, &first, &records);
	is_str(buf_str(&first), "22af645d1859cb5ca6da0c484f1f37ea",
	    "a query finds the MD5 of the new bytes");
	buf_free(&first);
	buf_free(&second);
	buf_free(&records);
	data_free(d);
	data_free(e);
}

int
main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	struct data *d = make_org();

	if (!ok(d != NULL, "an org is made"))
		return tap_done();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT, records = BUF_INIT;

		run(d, cases[i].soql, cases[i].view, &out, &records);
		is_str(buf_str(&out), cases[i].want, cases[i].soql);
		buf_free(&out);
		buf_free(&records);
	}
	check_form(d);
	check_parts(d);
	check_synthetic();
	data_free(d);
	return tap_done();
}
