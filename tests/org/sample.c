#include <stdio.h>
#include <string.h>

#include "tests/org/data.h"
#include "tests/org/sample.h"

#define CREATED	1546300800000	/* ms: 2019 */
#define DAY	86400000

/* Sets a field by its name. */
static int
set(struct data *d, enum object_kind kind, enum place_kind place, uint32_t number,
    const char *name, const char *text, int64_t now)
{
	return place_set(d, place, number,
	    schema_field(&schema_objects[kind], name, strlen(name), UINT32_MAX), text, now);
}

int
sample_old_files(struct data *d)
{
	char text[64];
	uint32_t number;
	int rc = 0;

	for (unsigned i = 0; i < 4 && rc == 0; i++) {
		enum place_kind kind = i < 3 ? PLACE_ATTACHMENT : PLACE_LEGACY_DOCUMENT;
		int n = snprintf(text, sizeof(text), "old letter %u\n", i + 1);

		rc = place_add(d, kind, i < 3 ? "Old Letter.txt" : "Old Letter", DOCUMENT_NONE,
		    DOCUMENT_NONE, CREATED, &number);
		if (rc == 0)
			rc = place_fill(d, kind, number, text, (size_t)n, "", CREATED);
	}
	return rc;
}

int
sample_logs(struct data *d, int64_t now)
{
	static const char *const types[] = { "Login", "ApiTotalUsage" };
	int64_t today = now / DAY * DAY;
	char date[32], text[256];
	uint32_t number;
	int rc = 0;

	for (unsigned i = 0; i < 6 && rc == 0; i++) {
		/* Each type has two days, and an hour of today. */
		bool hour = i / 2 == 2;
		int64_t when = hour ? today : today - DAY * (i / 2 + 1);

		datetime_format(when, date);
		int n = snprintf(text, sizeof(text),
		    "\"EVENT_TYPE\",\"TIMESTAMP\",\"TEXT\"\n\"%s\",\"%.19sZ\",\"a \"\"quoted\"\" "
		    "text\"\n", types[i % 2], date);
		rc = place_add(d, PLACE_EVENT_LOG, types[i % 2], DOCUMENT_NONE, DOCUMENT_NONE,
		    when, &number);
		if (rc == 0)
			rc = place_fill(d, PLACE_EVENT_LOG, number, text, (size_t)n, "", when);
		const struct { const char *name, *text; } fields[] = {
			{ "LogDate", date }, { "Interval", hour ? "Hourly" : "Daily" },
			{ "Sequence", hour ? "1" : "0" }, { "LogFileContentType", "text/csv" },
			{ "LogFileFieldNames", "EVENT_TYPE,TIMESTAMP,TEXT" },
			{ "LogFileFieldTypes", "String,DateTime,String" },
		};
		for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]) && rc == 0; f++)
			rc = set(d, OBJECT_EVENT_LOG, PLACE_EVENT_LOG, number, fields[f].name,
			    fields[f].text, when);
	}
	return rc;
}

int
sample_records(struct data *d, uint32_t count, int64_t now)
{
	static const char *const industries[] = { "Banking", "Energy", "Media" };
	static const char *const stages[] = { "Prospecting", "Closed Won", "Closed Lost" };
	char name[64], text[32];
	int rc = 0;

	for (uint32_t i = 0; i < count && rc == 0; i++) {
		uint32_t account = 0, n;

		snprintf(name, sizeof(name), "Company %u", i + 1);
		rc = place_add(d, PLACE_ACCOUNT, name, DOCUMENT_NONE, DOCUMENT_NONE, now, &account);
		snprintf(text, sizeof(text), "%u", 1000 * (i % 7 + 1));
		if (rc == 0)
			rc = set(d, OBJECT_ACCOUNT, PLACE_ACCOUNT, account, "Industry",
			    industries[i % 3], now);
		if (rc == 0)
			rc = set(d, OBJECT_ACCOUNT, PLACE_ACCOUNT, account, "AnnualRevenue", text,
			    now);
		snprintf(name, sizeof(name), "First%u Last%u", i % 10, i + 1);
		if (rc == 0)
			rc = place_add(d, PLACE_CONTACT, name, DOCUMENT_NONE, account, now, &n);
		if (rc == 0)
			rc = place_add(d, PLACE_LEAD, name, DOCUMENT_NONE, DOCUMENT_NONE, now, &n);
		if (rc == 0)
			rc = set(d, OBJECT_LEAD, PLACE_LEAD, n, "Company", "Prospect", now);
		snprintf(name, sizeof(name), "Deal %u", i + 1);
		if (rc == 0)
			rc = place_add(d, PLACE_OPPORTUNITY, name, DOCUMENT_NONE, account, now, &n);
		if (rc == 0)
			rc = set(d, OBJECT_OPPORTUNITY, PLACE_OPPORTUNITY, n, "StageName",
			    stages[i % 3], now);
		if (rc == 0)
			rc = set(d, OBJECT_OPPORTUNITY, PLACE_OPPORTUNITY, n, "Amount", text, now);
		snprintf(name, sizeof(name), "%08u", 1000 + i);
		if (rc == 0)
			rc = place_add(d, PLACE_CASE, name, DOCUMENT_NONE, account, now, &n);
		snprintf(name, sizeof(name), "INV-%u", i + 1);
		if (rc == 0)
			rc = place_add(d, PLACE_INVOICE, name, DOCUMENT_NONE, account, now, &n);
	}
	return rc;
}
