#!/bin/sh
# The org's clock is wrong, or its Date header, or the date of a record. A refresh shows every change all the same.
. "${0%/*}/lib.sh"; plan 34
data=$TMP/data day=86400
mkdir "$data"
for i in 1 2 3 4 5 6; do echo "text $i" >"$data/T$i.txt"; done
touch -d '5 days ago' "$data"/T?.txt
org_start --data "$data" --page-size 2
docs=$MNT/documents turn=0
change() { op=$1; shift; org change -d op="$op" "$@" >/dev/null; }
# clock SECONDS [DATE]: the org's clock is ahead by SECONDS, and its Date header by DATE.
clock() { org set -d skew="$1" -d date-skew="${2-0}" >/dev/null; }
state() { python3 -c "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
if len(sys.argv) > 3: c.execute('UPDATE state SET value = value + ? WHERE name = ?', (sys.argv[3], sys.argv[2]))
c.commit()
print(c.execute('SELECT value FROM state WHERE name = ?', (sys.argv[2],)).fetchone()[0])
" "$XDG_CACHE_HOME"/sffs/*/catalogue-*.db "$@"; }
# One change of each kind.
change_all() {
	turn=$((turn + 1))
	change rename -d title="A$((turn - 1))" -d to="A$turn"
	change new-version -d title=T2 -d content="version $turn"
	change delete -d title="N$((turn - 1))"
	change add -d title="N$turn" -d content=new
}
all_show() { is "$1" "$(ls "$docs" | paste -sd,) $(cat "$docs/T2/T2.txt")" \
	"A$turn,N$turn,T2,T3,T4,T5,T6 version $turn"; }
# shows WHEN [COMMAND...]: changes, runs the command, refreshes, and compares.
shows() { when=$1; shift; change_all; ${1+"$@"}; fs_sync; all_show "a refresh shows every change $when"; }
change rename -d title=T1 -d to=A0
change add -d title=N0 -d content=new

# A mount with a filter asks for changes in two ways, so both kinds of mount are tried.
for filter in '' ', with a filter'; do
	fs_mount -o "refresh=3600${filter:+,filter=Title != null}"
	shows "while the clock is right$filter"
	shows "when Date is 40 days ahead once$filter" clock 0 $((40 * day))
	shows "after Date was 40 days ahead once$filter" clock 0
	clock 0 660
	shows "while Date is 11 minutes ahead$filter"
	shows "while Date is still 11 minutes ahead$filter"
	clock 0 $((-40 * day))
	shows "while Date is 40 days behind$filter"
	shows "while Date is still 40 days behind$filter"
	clock 0
	change date -d title=T3 -d stamp="$(date -d 2099-01-01 +%s)"
	shows "although a record is of 2099$filter"
	shows "although a record is still of 2099$filter"
	clock $((40 * day))
	shows "while the clock is 40 days ahead$filter"
	clock 0
	shows "after the clock was 40 days ahead$filter"
	clock $((-3 * day))
	shows "while the clock is 3 days behind$filter"
	shows "while the clock is still 3 days behind$filter"
	clock 0
	shows "after the clock was 3 days behind$filter"
	fs_unmount
done

# The clock was behind for a while, and nobody refreshed meanwhile. No query for new changes finds the changes of then.
rm -rf "$XDG_CACHE_HOME/sffs"
fs_mount -o refresh=3600
clock $((-3 * day))
change_all
clock 0
org_forget
echo full >"$MNT/.sffs/refresh"
all_show 'a full refresh compares versions and dates'
calls 'a full refresh asks for the documents that differ' 'GET */query?*WHERE Id IN*' 1

# A refresh asks for the list of all Ids once a day, by the clock of this machine.
org_forget
clock $((40 * day))
fs_sync
echo full >"$MNT/.sffs/refresh"
calls 'a clock of the org that is ahead causes no daily list' 'GET *SELECT Id,IsDeleted*FROM ContentDocument ORDER*' 1
clock 0
fs_sync
org_forget
state reconciled -86400000 >"$TMP/x"
state listing -86400000 >"$TMP/x"
fs_sync
ok 'a refresh asks for the daily list after a day of this machine' org_wait \
	'GET *SELECT Id,IsDeleted*FROM ContentDocument ORDER*'

# In a quiet org a refresh goes back to the last change, not beyond.
fs_unmount
rm -rf "$XDG_CACHE_HOME/sffs"
change date -d title=T3 -d stamp="$(date +%s)"
fs_mount -o refresh=3600
newest=$(date -u -d "@$(($(state newest) / 1000))" +%Y-%m-%dT%H:%M:%SZ)
org_forget
fs_sync
fs_sync
calls 'a refresh goes back ten minutes, since a change may come late' "GET *queryAll*SystemModstamp >= $newest*" 0
state stood -600000 >"$TMP/x"
fs_sync
calls 'a refresh goes back to the last change once no change can come late' "GET *queryAll*SystemModstamp >= $newest*" 1
