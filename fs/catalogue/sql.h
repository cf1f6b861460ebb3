/*
 * sql - the tables of the catalogue and all that is said to them.
 *
 * A document's row has its fields, its candidate names and the one that it
 * holds: rank is which, hash that name's. `waiting` has a row for each better
 * candidate that an older document keeps it from. Candidates that are none are
 * null. What is not listed has its last candidate alone.
 *
 * Constants only.
 */
#ifndef FS_CATALOGUE_SQL_H
#define FS_CATALOGUE_SQL_H

#include "fs/document.h"

#define SQL_COLUMN(kind, member, path) #member ", "
#define SQL_PARAMETER(kind, member, path) "?, "
#define SQL_ASSIGNMENT(kind, member, path) #member " = ?, "

/* In the order in which rows are read and written. */
#define SQL_FIELDS	DOCUMENT_FIELDS(SQL_COLUMN) "key, version_key"
#define SQL_NAME	"CASE rank WHEN 0 THEN name0 WHEN 1 THEN name1 ELSE name2 END"
#define SQL_DOCUMENT	"SELECT " SQL_FIELDS ", " SQL_NAME ", listed FROM document "
/* A version is a document without a name, as long as its document is there. */
#define SQL_VERSION_ROW                                                                            \
	"SELECT " SQL_FIELDS                                                                       \
	", NULL, (SELECT listed FROM document WHERE document.key = version.key) FROM version"      \
	" WHERE key IN (SELECT key FROM document) AND "
#define SQL_CLAIMANT_TEXT "key, version_key, created, rank, name0, name1, name2"
#define SQL_CLAIMANT_COLUMNS 7

#define SQL_INDEX_NAMES	"CREATE INDEX IF NOT EXISTS document_hash ON document(hash)"

#define SQL_INDEX_TITLES "CREATE INDEX IF NOT EXISTS document_title ON document(name0)"

#define SQL_CATALOGUE                                                                                                              \
	"CREATE TABLE document(" DOCUMENT_FIELDS(                                                                                  \
	    SQL_COLUMN) "	key INTEGER PRIMARY KEY, version_key, listed, rank, hash, name0, name1, name2);"                         \
			"CREATE UNIQUE INDEX document_id ON document(id);"                                                         \
			"CREATE INDEX document_version ON document(version_key);"                                                  \
			"CREATE INDEX document_parent ON document(parent_id, key) WHERE parent_id <> '';" SQL_INDEX_NAMES          \
			";" SQL_INDEX_TITLES ";"                                                                                   \
			"CREATE TABLE version(" DOCUMENT_FIELDS(                                                                   \
			    SQL_COLUMN) "key, version_key INTEGER PRIMARY KEY);"                                                   \
					"CREATE INDEX version_document ON version(key);"                                           \
					"CREATE TABLE change(seq INTEGER PRIMARY KEY, name, key, id, version_id);"                 \
					"CREATE TABLE waiting(hash, created, key, PRIMARY KEY(hash, created, key)) WITHOUT ROWID;" \
					"CREATE TABLE state(name PRIMARY KEY, value) WITHOUT ROWID;"                               \
					"CREATE TABLE total(documents, bytes, generation, deferred);"                              \
					"INSERT INTO total VALUES(0, 0, 0, 0);"

/* The root and one edge of each tree. */
#define SQL_CHECK \
	"SELECT * FROM document ORDER BY key DESC LIMIT 1;" \
	"SELECT id FROM document ORDER BY id DESC LIMIT 1;" \
	"SELECT version_key FROM document ORDER BY version_key DESC LIMIT 1;" \
	"SELECT hash FROM document ORDER BY hash DESC LIMIT 1;" \
	"SELECT * FROM version ORDER BY version_key DESC LIMIT 1;" \
	"SELECT * FROM waiting ORDER BY hash DESC LIMIT 1;" \
	"SELECT * FROM state; SELECT documents + bytes + generation FROM total;"

#define SQL_STATEMENTS(X)                                                                                                        \
	X(BY_KEY, SQL_DOCUMENT "WHERE key = ?")                                                                                  \
	X(BY_VERSION, SQL_DOCUMENT "WHERE version_key = ? LIMIT 1")                                                              \
	X(BY_ID, SQL_DOCUMENT "WHERE id = ?")                                                                                    \
	X(BY_NAME, SQL_DOCUMENT "WHERE hash = ? AND " SQL_NAME " = ?")                                                           \
	X(LIST, SQL_DOCUMENT "WHERE key > ? AND listed ORDER BY key")                                                            \
	X(LIST_NAMES, SQL_DOCUMENT "WHERE name0 > ? AND listed ORDER BY name0")                                                  \
	X(LIST_PARENT,                                                                                                           \
	    SQL_DOCUMENT                                                                                                         \
	    "WHERE parent_id = ? AND parent_id <> '' AND key > ? AND listed ORDER BY key")                                       \
	X(NEXT_PARENT,                                                                                                           \
	    "SELECT parent_id FROM document WHERE parent_id > ? AND parent_id <> '' AND listed ORDER BY parent_id, key LIMIT 1") \
	X(VERSION, SQL_VERSION_ROW "version_key = ?")                                                                            \
	X(VERSIONS, SQL_VERSION_ROW "key = ? AND version_key > ? ORDER BY version_key")                                          \
	X(PUT_VERSION,                                                                                                           \
	    "INSERT OR REPLACE INTO version(" SQL_FIELDS                                                                         \
	    ") VALUES(" DOCUMENT_FIELDS(SQL_PARAMETER) "?, ?)")                                                                  \
	X(FORGET_VERSIONS, "DELETE FROM version WHERE key = ?")                                                                  \
	X(STATE, "SELECT value FROM state WHERE name = ?")                                                                       \
	X(PUT_STATE, "INSERT OR REPLACE INTO state VALUES(?, ?)")                                                                \
	X(TOTAL, "SELECT documents, bytes, generation FROM total")                                                               \
	X(ADD_TOTAL,                                                                                                             \
	    "UPDATE total SET documents = documents + ?, bytes = bytes + ?, generation = generation + ?")                        \
	X(INSERT,                                                                                                                \
	    "INSERT INTO document(" SQL_FIELDS ", listed, rank, hash, name0, name1, name2)"                                      \
	    " VALUES(" DOCUMENT_FIELDS(SQL_PARAMETER) "?, ?, ?, ?, ?, ?, ?, ?)")                                                 \
	X(UPDATE,                                                                                                                \
	    "UPDATE document SET " DOCUMENT_FIELDS(                                                                              \
		SQL_ASSIGNMENT) "key = ?, version_key = ? WHERE id = ?")                                                         \
	X(DELETE, "DELETE FROM document WHERE key = ?")                                                                          \
	X(STORED,                                                                                                                \
	    "SELECT " SQL_CLAIMANT_TEXT ", listed, " SQL_FIELDS " FROM document WHERE id = ?")                                   \
	X(ID_OF, "SELECT id FROM document WHERE key = ?")                                                                        \
	X(LISTED, "SELECT key FROM document WHERE id = ? AND listed")                                                            \
	/* settle */                                                                                                             \
	X(CLAIMANT, "SELECT " SQL_CLAIMANT_TEXT " FROM document WHERE key = ?")                                                  \
	X(HOLDER, "SELECT " SQL_CLAIMANT_TEXT " FROM document WHERE hash = ? AND rank < 2")                                      \
	X(MOVE, "UPDATE document SET rank = ?, hash = ? WHERE key = ?")                                                          \
	X(WAIT, "INSERT INTO waiting VALUES(?, ?, ?)")                                                                           \
	X(UNWAIT, "DELETE FROM waiting WHERE hash = ? AND created = ? AND key = ?")                                              \
	X(OLDEST, "SELECT key FROM waiting WHERE hash = ? ORDER BY created, key LIMIT 1")                                        \
	X(HOMELESS, "SELECT key FROM document WHERE hash IS NULL LIMIT 1")                                                       \
	X(MEANS, "SELECT key, version_key FROM document WHERE hash = ? AND " SQL_NAME " = ?")                                    \
	/* what changed, for all who have the catalogue open */                                                                  \
	X(ADD_CHANGE, "INSERT INTO change(name, key, id, version_id) VALUES(?, ?, ?, ?)")                                        \
	X(PRUNE_CHANGES, "DELETE FROM change WHERE seq <= (SELECT max(seq) FROM change) - ?")                                    \
	X(CHANGES,                                                                                                               \
	    "SELECT seq, key, name, id, version_id FROM change WHERE seq > ? ORDER BY seq LIMIT ?")                              \
	X(NEWEST_CHANGE, "SELECT ifnull(max(seq), 0) FROM change")                                                               \
	X(DEFERRED, "SELECT deferred FROM total")                                                                                \
	/* a reconcile: what is noted has not been seen */                                                                       \
	X(UNNOTE, "DELETE FROM temp.note WHERE key = ?")                                                                         \
	X(NOTED, "SELECT key FROM temp.note ORDER BY key LIMIT 1")

#define SQL_DEFER                                                                                  \
	"UPDATE total SET deferred = 1; DROP INDEX IF EXISTS document_hash; DROP INDEX IF EXISTS document_title"

/*
 * Whatever names there are, afterwards no two documents hold one: all have their first candidate
 * or, without a hash, none. Of those that want the same the oldest has it.
 */
#define SQL_SETTLE                                                                                                          \
	"UPDATE total SET deferred = 0;"                                                                                    \
	"DELETE FROM waiting;"                                                                                              \
	"UPDATE document SET hash = NULL WHERE listed AND rank > 0;" SQL_INDEX_NAMES                                        \
	";" SQL_INDEX_TITLES ";"                                                                                            \
	"UPDATE document SET hash = NULL WHERE key IN"                                                                      \
	"	(SELECT key FROM (SELECT key, row_number() OVER (PARTITION BY hash ORDER BY created, key) AS place FROM document" \
	"		WHERE listed AND hash IN (SELECT hash FROM document GROUP BY hash HAVING count(*) > 1))"                         \
	"	WHERE place > 1)"

#define SQL_NOTES \
	"CREATE TABLE temp.note(key INTEGER PRIMARY KEY);" \
	"INSERT INTO temp.note SELECT key FROM document WHERE listed ORDER BY key"

#define SQL_FOUND \
	"CREATE TABLE survey(version_id, maker, data, PRIMARY KEY(version_id, maker));" \
	"CREATE TABLE answer(key PRIMARY KEY, data, asked);"

#define SQL_FOUND_CHECK \
	"SELECT version_id FROM survey ORDER BY version_id DESC LIMIT 1;" \
	"SELECT key FROM answer ORDER BY key DESC LIMIT 1;"

#define SQL_FOUND_STATEMENTS(X)                                                                                        \
	X(SURVEY, "SELECT data, 0 FROM survey WHERE version_id = ? AND maker = ?")                                     \
	X(OLD_SURVEY,                                                                                                  \
	    "SELECT 1 FROM survey WHERE version_id = ? AND maker = ? AND rowid < (SELECT max(rowid) FROM survey) - ?") \
	X(USE_SURVEY,                                                                                                  \
	    "UPDATE survey SET rowid = (SELECT max(rowid) FROM survey) + 1 WHERE version_id = ? AND maker = ?")        \
	X(PUT_SURVEY, "INSERT OR REPLACE INTO survey VALUES(?, ?, ?)")                                                 \
	X(PRUNE_SURVEYS,                                                                                               \
	    "DELETE FROM survey WHERE rowid IN (SELECT rowid FROM survey"                                              \
	    "	WHERE rowid <= (SELECT max(rowid) FROM survey) - ? ORDER BY rowid LIMIT ?)")                           \
	X(ANSWER, "SELECT data, asked FROM answer WHERE key = ?")                                                      \
	X(PUT_ANSWER, "INSERT OR REPLACE INTO answer VALUES(?, ?, ?)")                                                 \
	X(PRUNE_ANSWERS,                                                                                               \
	    "DELETE FROM answer WHERE rowid IN (SELECT rowid FROM"                                                     \
	    "	(SELECT rowid, asked FROM answer ORDER BY rowid LIMIT ?) WHERE asked < ?)")

#define SQL_ENUM(name, text) SQL_##name,
#define SQL_TEXT(name, text) [SQL_##name] = text,

enum { SQL_STATEMENTS(SQL_ENUM) SQL_COUNT };
enum { SQL_FOUND_STATEMENTS(SQL_ENUM) SQL_FOUND_COUNT };

#endif
