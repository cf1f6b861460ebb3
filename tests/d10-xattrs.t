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
is 'document_id of a file is the Id of the document' "$(attribute document_id "$file")" "$(metadata .Id)"
is 'version_id of a file is the Id of the version' "$(attribute version_id "$file")" \
	"$(metadata .LatestPublishedVersionId)"
is 'version_number of a file is the number of the version' "$(attribute version_number "$file")" 2
is 'checksum of a file is its MD5' "$(attribute checksum "$file")" "$(printf 'second\n' | md5sum | cut -d' ' -f1)"
is 'owner_id of a file is the owner of the document' "$(attribute owner_id "$file")" "$(metadata .OwnerId)"
is 'file_type of a file is the FileType of the version' "$(attribute file_type "$file")" TEXT
is 'library of a file is the library of the document' "$(attribute library "$docs/Plan/Plan.txt")" \
	"$(jq -r .ParentId "$docs/Plan/metadata.json")"
like 'a document in no library has no library attribute' "$(attribute library "$file")" '*No such attribute*'
is 'the directory of a document has its attributes too' "$(attribute document_id "$docs/Report")" "$(metadata .Id)"
is 'cached is no before the file is read' "$(attribute cached "$file")" no
is 'getfattr -d shows all attributes' "$(getfattr --absolute-names -d "$file" 2>&1 | sed -n \
	's/^user.salesforce.\([a-z_]*\)=.*/\1/p' | sort | paste -sd' ')" \
	'cached checksum created document_id file_type owner_id version_id version_number'
is 'a link has no checksum and no cached' "$(getfattr --absolute-names -d "$docs/Page/Page.url" |
	grep -c 'checksum\|cached')" 0
calls 'extended attributes cost no call' '*' 0
cat "$file" >/dev/null
is 'cached is yes after the file is read' "$(attribute cached "$file")" yes
is 'ls -l asks one document for its ACL, not each' "$(strace -e trace=getxattr,lgetxattr ls -l "$docs" 2>&1 |
	grep -c system.posix_acl)" 1
is 'no attribute can be set' "$(setfattr -n user.salesforce.owner_id -v x "$file" 2>&1 | grep -c 'Read-only')" 1

is 'the README of the root has a line for each directory' "$(ls -A "$MNT" | grep -vx README | while read -r d; do \
	grep -q "^    $d/ " "$MNT/README" || echo "$d"; done)" ''
is 'stat knows the size of the README' "$(wc -c <"$MNT/README")" "$(stat -c %s "$MNT/README")"
