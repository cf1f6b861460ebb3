#!/bin/sh
# Extended attributes show the fields of a document's record without a call; the README of the root describes the tree.
. "${0%/*}/lib.sh"; plan 18
data=$TMP/data
mkdir "$data" "$data/Sales" "$data/Report.versions"
printf 'first\n' >"$data/Report.versions/1.txt"; printf 'second\n' >"$data/Report.versions/2.txt"
printf 'plan\n' >"$data/Sales/Plan.txt"
printf 'https://www.example.com/\n' >"$data/Page.link"
org_start --data "$data"
fs_mount
docs=$MNT/documents
org_forget

# attribute NAME FILE
attribute() { getfattr --absolute-names --only-values -n "user.salesforce.$1" "$2" 2>&1; }
metadata() { jq -r "$1" "$docs/Report/metadata.json"; }
file=$docs/Report/Report.txt
is 'the Id of the document' "$(attribute document_id "$file")" "$(metadata .Id)"
is 'of the version' "$(attribute version_id "$file")" "$(metadata .LatestPublishedVersionId)"
is 'its number' "$(attribute version_number "$file")" 2
is 'the checksum' "$(attribute checksum "$file")" "$(printf 'second\n' | md5sum | cut -d' ' -f1)"
is 'the owner' "$(attribute owner_id "$file")" "$(metadata .OwnerId)"
is 'the type' "$(attribute file_type "$file")" TEXT
is 'the library' "$(attribute library "$docs/Plan/Plan.txt")" "$(jq -r .ParentId "$docs/Plan/metadata.json")"
like 'a document in no library has none' "$(attribute library "$file")" '*No such attribute*'
is 'the directory has them too' "$(attribute document_id "$docs/Report")" "$(metadata .Id)"
is 'not cached' "$(attribute cached "$file")" no
is 'getfattr -d shows them all' "$(getfattr --absolute-names -d "$file" 2>&1 | sed -n \
	's/^user.salesforce.\([a-z_]*\)=.*/\1/p' | sort | paste -sd' ')" \
	'cached checksum created document_id file_type owner_id version_id version_number'
is 'a link has no checksum and nothing to cache' "$(getfattr --absolute-names -d "$docs/Page/Page.url" |
	grep -c 'checksum\|cached')" 0
calls 'none of it costs a call' '*' 0
cat "$file" >/dev/null
is 'a document that was read is cached' "$(attribute cached "$file")" yes
is 'ls -l asks one document for its ACL, not each' "$(strace -e trace=getxattr,lgetxattr ls -l "$docs" 2>&1 |
	grep -c system.posix_acl)" 1
is 'nothing can be set' "$(setfattr -n user.salesforce.owner_id -v x "$file" 2>&1 | grep -c 'Read-only')" 1

is 'the root has a README with a line for each directory' "$(ls -A "$MNT" | grep -vx README | while read -r d; do grep \
	-q "^    $d/ " "$MNT/README" || echo "$d"; done)" ''
is 'its size is right' "$(wc -c <"$MNT/README")" "$(stat -c %s "$MNT/README")"
