"""readers.py MNT TITLE CSV duckdb LIBDUCKDB | pandas: reads a document by the recipe in README.md, and compares the
cells with those that Python's csv module reads in the uploaded file.
"""
import sys
sys.path.pop(0)		# secrets.py beside this is not Python's
import csv, ctypes, re, tempfile

mnt, title, source, reader = sys.argv[1:5]
recipe = re.search({'duckdb': r'DuckDB: `(.*?)`', 'pandas': r'pandas:\s+`(.*?)`'}[reader],
                   open('README.md').read()).group(1)
recipe = recipe.replace('/mnt/acme', mnt).replace('Q3 Forecast', title)
with open(source, newline='') as f:
    want = list(csv.reader(f, delimiter=';'))
with tempfile.NamedTemporaryFile(mode='r', newline='', suffix='.csv') as out:
    if reader == 'duckdb':
        duckdb = ctypes.CDLL(sys.argv[5])
        database, connection = ctypes.c_void_p(), ctypes.c_void_p()
        sql = f"COPY ({recipe}) TO '{out.name}' (FORMAT csv, HEADER)"
        if duckdb.duckdb_open(None, ctypes.byref(database)) or duckdb.duckdb_connect(database,
                                                                                     ctypes.byref(connection)) or \
                duckdb.duckdb_query(connection, sql.encode(), None):
            sys.exit('duckdb: the query failed: ' + sql)
    else:
        import pandas as pd
        eval(recipe, {'pd': pd}).to_csv(out.name, index=False)
    got = list(csv.reader(open(out.name, newline='')))
if got != want:
    sys.exit(f'got:  {got}\nwant: {want}')
