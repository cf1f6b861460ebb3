#!/bin/sh
# Each command line of the manual is run: here, in the order of the page, or by a test that the table names.
ALONE=${ALONE-1}
. "${0%/*}/lib.sh"
man=$BUILD/man
# Lines that begin with $ or #; a line that ends with \ goes on in the next one.
commands() { mandoc -T ascii -O width=900 "$man/$1" | sed 's/.\x08//g' | sed -n '/ [$#] .*\\$/{N;s/\\\n//;}
	s/^ *[$#] //p'; }
# No test starts a container. Those that run elsewhere: a word of the line, the test, a word of what runs there.
cat >"$TMP/elsewhere" <<'END_OF_TABLE'
mount -t fuse.sffs	e60-systemd-fstab.t	mount -t fuse.sffs
systemctl --user	e65-booted-systemd.t	systemctl --user
systemctl enable	e65-booted-systemd.t	systemctl enable
sffs-auth setup	g15-setup.t	"$auth" setup acme
--from-cli	g50-import-from-sf.t	import --from-cli
show-sfdx-auth-url	g50-import-from-sf.t	"$auth" import sim
sffs-org 	e30-manual.t	the example of sffs-org(1) works
try.conf	e30-manual.t	the example of sffs-org(1) works
_org/change	d30-by-id.t	org change -d op=rename
END_OF_TABLE
data=$TMP/data HOME=$TMP/home
mkdir -p "$data" "$HOME/prometheus"
printf 'a,b\n1,2\n' >"$data/table.csv"
org_start --data "$data" --name acme
export HOME PATH="$BUILD:$PATH"
at_end() { fusermount3 -uz "$HOME/acme" 2>/dev/null; }
for page in sffs.1 sffs-auth.1 sffs-org.1; do commands $page | sed "s/^/$page	/"; done |
	awk '!seen[$0]++' | grep -v '	docker run ' >"$TMP/commands"
plan $(($(wc -l <"$TMP/commands") + 1))
ok 'the manual has commands' [ "$(wc -l <"$TMP/commands")" -gt 15 ]
while IFS='	' read -r page command; do
	test= word=
	while IFS='	' read -r key name pattern; do
		case $command in *"$key"*) test=$name word=$pattern ;; esac
	done <"$TMP/elsewhere"
	case $test in
	?*) ok "$page: $command: $test runs it" grep -qF -- "$word" "$TOP/tests/$test" ;;
	*)	line=$(printf '%s\n' "$command" | sed "s,/var/lib/prometheus/node-exporter,$HOME/prometheus,
			s,https://acme.my.salesforce.com,$ORG_URL,; s,acme.tar,$HOME/&,; s,acme.snar,$HOME/&,")
		ok "$page: $command" timeout -s KILL 120 sh -c "$line" ;;
	esac
done <"$TMP/commands"
