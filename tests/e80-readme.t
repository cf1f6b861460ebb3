#!/bin/sh
# The transcript of the README is true line by line, and each recipe of its cookbook works.
. "${0%/*}/lib.sh"
data=$TMP/data home=$TMP/home
mkdir -p "$data/Price List.versions" "$data/Acme Corp.account" "$home/backup" "$home/bin" "$MNT-backup"
cat >"$data/Q3 Forecast.csv" <<'END'
Account;Region;Amount;Note
Acme Corp;EMEA;120000;signed
"Globex, Inc.";EMEA;75000;"waits for
legal"
Initech;AMER;180000;"5,5 % off"
Umbrella;APAC;30000;
"Déjà Vu SARL";;0;no region yet
END
printf 'Region,Lead\nEMEA,Mia\nAMER,Noah\nAPAC,"Li, Wei"\n' >"$data/Regions.csv"
printf 'Product,Price\nBolt,1.00\nNut,0.50\n' >"$data/Price List.versions/1.csv"
printf 'Product,Price\nBolt,1.10\nNut,0.50\nWasher,0.10\n' >"$data/Price List.versions/2.csv"
printf 'This NDA knows a limitation of liability.\n' >"$data/NDA Globex.txt"
printf 'This NDA does not.\n' >"$data/NDA Initech.txt"
printf 'Order,Amount\n1,20000\n' >"$data/Acme Corp.account/Orders May.csv"
printf 'Order,Amount\n2,15000\n' >"$data/Acme Corp.account/Orders June.csv"
org_start --data "$data" --name acme
printf '#!/bin/sh\nwc -l <"$1"\n' >"$home/bin/load-prices"; chmod +x "$home/bin/load-prices"
cat >"$TMP/api.py" <<'END'
import http.server
class Api(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200); self.end_headers(); self.wfile.write(body + b'\n')
    def log_message(self, *_): pass
server = http.server.HTTPServer(('127.0.0.1', 0), Api)
print(server.server_port, flush=True)
server.serve_forever()
END
mkfifo "$TMP/port"; python3 "$TMP/api.py" >"$TMP/port" & HELD=$!
read -r port <"$TMP/port"
export MNT API="http://127.0.0.1:$port/" PATH="$BUILD:$home/bin:$PATH"
cat >"$TMP/wanted" <<'END'
All CSV	^35000\n$
Back up	^7 files, all right\n$
Which contracts	documents/NDA Globex/NDA Globex.txt\n$
Compare two	^< Bolt,1.00\n> Bolt,1.10\n> Washer,0.10\n$
What came	documents/Q3 Forecast\n
Files that	^$
Join two	EMEA *Mia *Acme Corp
Act on	^4\n$
Into a	^EMEA,195000\nAMER,180000\n
Free	^documents/Q3 Forecast/Q3 Forecast.csv\t187\t
Hand rows	^{"name":"Acme Corp","amount":120000}\n.*Umbrella
END
cd "$TOP" || exit 1
python3 tests/readme.py "$home" transcript >"$TMP/tap1"
"$BUILD/sffs" acme "$MNT"
sqlite3 "$home/backup/acme.db" "CREATE TABLE forecast (a, Region, Amount, b);
	INSERT INTO forecast VALUES (0, 'EMEA', 1, 0)"	# as an earlier run left it
python3 tests/readme.py "$home" cookbook "$TMP/wanted" >"$TMP/tap2"
first=$(grep -c '^ok\|^not ok' "$TMP/tap1")
recipes=$(grep -c '^ok\|^not ok' "$TMP/tap2")
plan $((first + recipes + 1))
cat "$TMP/tap1" "$TMP/tap2" | grep -v '^1\.\.' | awk '/^(not )?ok/ { n++; sub(/ok [0-9]+/, "ok " n) } { print }'
! grep -q '^not ok' "$TMP/tap1" "$TMP/tap2" || failed=1
number=$((first + recipes))
is 'each recipe of the README has an expected result' "$recipes" "$(wc -l <"$TMP/wanted")"
