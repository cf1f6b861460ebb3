/*
 * sql - the tables of the catalogue, and all statements on them.
 *
 * A document's row has its fields, its candidate names and the one that it holds: rank says which,
 * hash is that name's. `waiting` has a row for each better candidate that an older document keeps
 * from it. A missing candidate is null. An unlisted document has its last candidate alone. Until
 * total.filled, names mean nothing, two versions can have one key, and the indexes on both are
 * missing. `seal` is a hash of the row: fs/catalogue/row.h.
 *
 * Constants only.
 */
#pragma once

#include "fs/document.h"

#define SQL_COLUMN(kind, member, path) #member ", "
#define SQL_PARAMETER(kind, member, path) "?, "
#define SQL_ASSIGNMENT(kind, member, path) #member " = ?, "

/* In the order in which rows are read and written. */
#define SQL_COLUMNS	DOCUMENT_FIELDS(SQL_COLUMN)
#define SQL_FIELDS	SQL_COLUMNS "key, version_key, seal"
#define SQL_NAME	"CASE rank WHEN 0 THEN name0 WHEN 1 THEN name1 ELSE name2 END"
#define SQL_DOCUMENT	"SELECT " SQL_FIELDS ", " SQL_NAME ", hash, listed FROM document "
/* A version is a document without a name, as long as its document is there. */
#define SQL_VERSION_ROW \
	"SELECT " SQL_FIELDS ", '', 0," \
	" (SELECT listed FROM document WHERE document.key = version.key) FROM version" \
	" WHERE key IN (SELECT key FROM document) AND "
#define SQL_SELECT_NAMED	"SELECT key, created, rank, name0, name1, name2"
#define SQL_NAMED_COLUMNS 6
#define SQL_ONE(kind, member, path) + 1
#define SQL_FIELD_COLUMNS (DOCUMENT_FIELDS(SQL_ONE) + 3)

#define SQL_SCHEMA \
	"CREATE TABLE document(" SQL_COLUMNS "key INTEGER PRIMARY KEY, version_key, seal," \
	"	listed, rank, hash, name0, name1, name2);" \
	"CREATE UNIQUE INDEX document_id ON document(id);" \
	"CREATE INDEX document_parent ON document(parent_id, key) WHERE parent_id <> '';" \
	"CREATE TABLE version(" SQL_COLUMNS "key, version_key INTEGER PRIMARY KEY, seal);" \
	"CREATE INDEX version_document ON version(key);" \
	"CREATE TABLE change(seq INTEGER PRIMARY KEY, name, key, id, content);" \
	"CREATE TABLE waiting(hash, created, key, PRIMARY KEY(hash, created, key)) WITHOUT ROWID;" \
	"CREATE TABLE state(name PRIMARY KEY, value) WITHOUT ROWID;" \
	"CREATE TABLE total(documents, bytes, generation, filled);" \
	"INSERT INTO total VALUES(0, 0, 0, 0);" \
	"CREATE TABLE survey(content, maker, data, seal, PRIMARY KEY(content, maker));" \
	"CREATE TABLE answer(key PRIMARY KEY, data, asked, seal);"

#define SQL_STATEMENTS(X) \
	X(BY_KEY, SQL_DOCUMENT "WHERE key = ?") \
	X(BY_VERSION, SQL_DOCUMENT "WHERE version_key = ? LIMIT 1") \
	X(BY_ID, SQL_DOCUMENT "WHERE id = ?") \
	X(BY_NAME, SQL_DOCUMENT "WHERE hash = ? AND " SQL_NAME " = ?") \
	X(LIST, SQL_DOCUMENT "WHERE key > ? AND listed ORDER BY key") \
	X(LIST_NAMES, SQL_DOCUMENT "WHERE name0 > ? AND listed ORDER BY name0") \
	X(LIST_PARENT, SQL_DOCUMENT \
	    "WHERE parent_id = ? AND parent_id <> '' AND key > ? AND listed ORDER BY key") \
	X(NEXT_PARENT, "SELECT parent_id FROM document" \
	    " WHERE parent_id > ? AND parent_id <> '' AND listed ORDER BY parent_id, key LIMIT 1") \
	X(VERSION, SQL_VERSION_ROW "version_key = ?") \
	X(VERSIONS, SQL_VERSION_ROW "key = ? AND version_key > ? ORDER BY version_key") \
	X(PUT_VERSION, "INSERT INTO version(" SQL_FIELDS ")" \
	    " VALUES(" DOCUMENT_FIELDS(SQL_PARAMETER) "?, ?, ?)") \
	X(FORGET_VERSION, "DELETE FROM version WHERE key = ? AND version_id = ?") \
	X(FORGET_VERSIONS, "DELETE FROM version WHERE key = ?") \
	X(STATE, "SELECT value FROM state WHERE name = ?") \
	X(PUT_STATE, "INSERT OR REPLACE INTO state VALUES(?, ?)") \
	X(TOTAL, "SELECT documents, bytes, generation FROM total") \
	X(ADD_TOTAL, "UPDATE total" \
	    " SET documents = documents + ?, bytes = bytes + ?, generation = generation + 1") \
	X(FILLED, "SELECT filled FROM total") \
	X(INSERT, "INSERT INTO document(" SQL_FIELDS ", listed, rank, hash, name0, name1, name2)" \
	    " VALUES(" DOCUMENT_FIELDS(SQL_PARAMETER) "?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(UPDATE, "UPDATE document" \
	    " SET " DOCUMENT_FIELDS(SQL_ASSIGNMENT) "key = ?, version_key = ?, seal = ?" \
	    " WHERE id = ?") \
	X(DELETE, "DELETE FROM document WHERE key = ?") \
	X(STORED, SQL_SELECT_NAMED ", listed, " SQL_FIELDS " FROM document WHERE id = ?") \
	X(ID_OF, "SELECT id FROM document WHERE key = ? AND listed") \
	X(KEY_TAKEN, "SELECT 1 FROM document WHERE key = ? AND id <> ?") \
	X(VERSION_KEY_TAKEN, "SELECT 1 FROM document WHERE version_key = ?1 AND version_id <> ?2" \
	    " UNION ALL SELECT 1 FROM version WHERE version_key = ?1 AND version_id <> ?2") \
	X(TWICE, SQL_SELECT_NAMED ", listed, " SQL_FIELDS " FROM document WHERE version_key IN" \
	    " (SELECT version_key FROM document WHERE version_key IS NOT NULL" \
	    " GROUP BY version_key HAVING count(*) > 1) LIMIT 1") \
	X(LISTED, "SELECT key FROM document" \
	    " WHERE id = ? AND version_id = ? AND system_modstamp = ? AND listed") \
	/* names */ \
	X(NAMED, SQL_SELECT_NAMED " FROM document WHERE key = ?") \
	X(HOLDER, SQL_SELECT_NAMED " FROM document WHERE hash = ? AND rank < 2") \
	X(MOVE, "UPDATE document SET rank = ?, hash = ? WHERE key = ?") \
	X(WAIT, "INSERT INTO waiting VALUES(?, ?, ?)") \
	X(UNWAIT, "DELETE FROM waiting WHERE hash = ? AND created = ? AND key = ?") \
	X(OLDEST, "SELECT key FROM waiting WHERE hash = ? ORDER BY created, key LIMIT 1") \
	X(NAMELESS, "SELECT key FROM document WHERE hash IS NULL LIMIT 1") \
	/* the log of changes */ \
	X(ADD_CHANGE, "INSERT INTO change(name, key, id, content) VALUES(?, ?, ?, ?)") \
	X(TRIM_CHANGES, "DELETE FROM change WHERE seq <= (SELECT max(seq) FROM change) - ?") \
	X(CHANGES, "SELECT seq, key, name, id, content FROM change" \
	    " WHERE seq > ? ORDER BY seq LIMIT ?") \
	X(LAST_CHANGE, "SELECT ifnull(max(seq), 0) FROM change") \
	/* a reconcile: a document is noted until it is seen */ \
	X(UNNOTE, "DELETE FROM temp.note WHERE key = ?") \
	X(NOTED, "SELECT key FROM temp.note ORDER BY key LIMIT 1") \
	/* findings */ \
	X(SURVEY, "SELECT data, 0, seal FROM survey WHERE content = ? AND maker = ?") \
	X(OLD_SURVEY, "SELECT 1 FROM survey WHERE content = ? AND maker = ?" \
	    " AND rowid < (SELECT max(rowid) FROM survey) - ?") \
	X(USE_SURVEY, "UPDATE survey SET rowid = (SELECT max(rowid) FROM survey) + 1" \
	    " WHERE content = ? AND maker = ?") \
	X(PUT_SURVEY, "INSERT OR REPLACE INTO survey VALUES(?, ?, ?, ?)") \
	X(TRIM_SURVEYS, "DELETE FROM survey WHERE rowid IN (SELECT rowid FROM survey" \
	    " WHERE rowid <= (SELECT max(rowid) FROM survey) - ? ORDER BY rowid LIMIT ?)") \
	X(ANSWER, "SELECT data, asked, seal FROM answer WHERE key = ?") \
	X(PUT_ANSWER, "INSERT OR REPLACE INTO answer VALUES(?, ?, ?, ?)") \
	X(TRIM_ANSWERS, "DELETE FROM answer WHERE rowid IN (SELECT rowid FROM" \
	    " (SELECT rowid, asked FROM answer ORDER BY rowid LIMIT ?) WHERE asked < ?)")

/*
 * Afterwards no two documents hold one name: each has its first candidate or, without a hash, none.
 * The oldest of those that want the same one has it.
 */
#define SQL_FILLED_NOW \
	"UPDATE total SET filled = 1;" \
	"DELETE FROM waiting;" \
	"UPDATE document SET hash = NULL WHERE listed AND rank > 0;" \
	"CREATE INDEX IF NOT EXISTS document_version ON document(version_key);" \
	"CREATE INDEX IF NOT EXISTS document_hash ON document(hash);" \
	"CREATE INDEX IF NOT EXISTS document_title ON document(name0);" \
	"UPDATE document SET hash = NULL WHERE key IN (SELECT key FROM" \
	"	(SELECT key, row_number() OVER (PARTITION BY hash ORDER BY created, key) AS place" \
	"		FROM document WHERE listed AND hash IN" \
	"			(SELECT hash FROM document GROUP BY hash HAVING count(*) > 1))" \
	"	WHERE place > 1)"

#define SQL_NOTES \
	"CREATE TABLE temp.note(key INTEGER PRIMARY KEY);" \
	"INSERT INTO temp.note SELECT key FROM document WHERE listed ORDER BY key"

#define SQL_ENUM(name, text) SQL_##name,
#define SQL_TEXT(name, text) [SQL_##name] = text,

enum { SQL_STATEMENTS(SQL_ENUM) SQL_COUNT };
