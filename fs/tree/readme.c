#include "readme.h"

const char readme_root[] =
	"A Salesforce org. Files are read-only; what is in them comes when it is read.\n"
	"\n"
	"    documents/   every document that you can see: ls documents/; cat documents/*/*.csv\n"
	"    parsed/      CSV documents, ready for a pipeline: cat documents/*/parsed/rows.jsonl\n"
	"    versions/    every version of a document: ls 'versions/Q3 Forecast/'\n"
	"    records/     the documents of a record: ls 'records/Account/Acme Corp/'\n"
	"    libraries/   libraries and their folders: ls libraries/Sales/\n"
	"    by-id/       documents by Id: cat by-id/069.../content\n"
	"    .sffs/       status.json, log; echo now > .sffs/refresh asks the org what changed\n";

const char readme_parsed[] =
	"Every CSV document as files that a pipeline can trust. They are not listed here, so that\n"
	"walking downloads nothing; any CSV document's name works:\n"
	"\n"
	"    head -3 'parsed/Q3 Forecast/table.tsv'\n"
	"    cat  documents/*/parsed/rows.jsonl        all CSV documents\n"
	"\n"
	"The mount option browse lists them all.\n";

const char readme_versions[] =
	"Every version of a document, oldest first. They are not listed here, so that walking\n"
	"costs nothing; any document's name works, at one call to the org:\n"
	"\n"
	"    diff  'versions/Q3 Forecast/'[12].csv\n"
	"    getfattr -d 'versions/Q3 Forecast/2.csv'      who and why\n"
	"    ls    documents/*/versions/                   all documents: a call each\n"
	"\n"
	"The mount option versions=all lists all versions of all documents.\n";

const char readme_records[] =
	"The documents that are linked to a record. Records are not listed here, so that walking\n"
	"costs nothing; a record's name works, or its Id with 15 or 18 characters:\n"
	"\n"
	"    ls  'records/Account/Acme Corp/'\n"
	"    ls  records/001.../                           no document, no directory\n"
	"\n"
	"Any object works, standard or custom, by its name field: records/Case/00001026/.\n"
	"A / in a name is written _. Of several records with one name each is called\n"
	"`Acme Corp (001...)`; .sffs/log says which there are when the plain name is asked for.\n";

const char readme_libraries[] =
	"Libraries. One lists all its documents, those in its folders too:\n"
	"\n"
	"    cat libraries/Sales/*/parsed/rows.jsonl\n"
	"\n"
	"Its folders work by their names, at a call to the org each:\n"
	"\n"
	"    ls  libraries/Sales/Contracts/2026/\n"
	"\n"
	"The mount option browse lists them, too.\n";
