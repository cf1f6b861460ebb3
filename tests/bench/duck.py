"""duck.py LIBDUCKDB IN OUT: DuckDB reads a CSV file and writes it tab-separated, all columns as text."""
import ctypes
import sys

duckdb = ctypes.CDLL(sys.argv[1])
database, connection = ctypes.c_void_p(), ctypes.c_void_p()
sql = (f"COPY (SELECT * FROM read_csv('{sys.argv[2]}', header = true, all_varchar = true)) "
       f"TO '{sys.argv[3]}' (FORMAT csv, DELIMITER '\t', QUOTE '', ESCAPE '', HEADER)")
if duckdb.duckdb_open(None, ctypes.byref(database)) or duckdb.duckdb_connect(database, ctypes.byref(connection)) or \
        duckdb.duckdb_query(connection, sql.encode(), None):
    sys.exit('duckdb: the query failed')
