#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/org/data_parts.h"

#define BLOCK	(1 << 20)

static const struct person users[DATA_USERS] = {
	{ "integration@example.com", "Integration", "User", "integ" },
	{ "alice.adams@example.com", "Alice", "Adams", "aadam" },
	{ "bob.brown@example.com", "Bob", "Brown", "bbrow" },
	{ "carla.costa@example.com", "Carla", "Costa", "ccost" },
	{ "dmitri.danilov@example.com", "Dmitri", "Danilov", "ddani" },
	{ "eve.evans@example.com", "Eve", "Evans", "eevan" },
};

const struct person *
data_user(uint32_t number)
{
	return &users[number];
}

bool
data_find_user(const char *username, unsigned *out)
{
	for (unsigned i = 0; i < DATA_USERS; i++) {
		if (strcasecmp(users[i].username, username) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

int
data_new(struct data **out)
{
	struct data *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	if (!d->md5 || pthread_rwlock_init(&d->lock, NULL) != 0) {
		EVP_MD_free(d->md5);
		free(d);
		return -ENOMEM;
	}
	*out = d;
	return 0;
}

static void
version_free(struct version *v)
{
	free(v->path_on_client);
	free(v->file);
	free(v->bytes);
	free(v->reason);
	extra_free(v->extras);
}

static void
document_free(struct document *doc)
{
	if (!doc)
		return;
	for (unsigned i = 0; i < doc->count; i++)
		version_free(&doc->versions[i]);
	free(doc->versions);
	free(doc->title);
	free(doc->url);
	free(doc->external);
	extra_free(doc->extras);
	free(doc);
}

void
data_free(struct data *d)
{
	if (!d)
		return;
	for (uint32_t i = 0; i < d->count; i++)
		document_free(d->documents[i]);
	for (uint32_t i = 0; i < d->changed_size; i++)
		document_free(d->changed[i]);
	for (unsigned kind = 0; kind < PLACES; kind++) {
		for (uint32_t i = 0; i < d->place_count[kind]; i++) {
			free(d->places[kind][i].name);
			free(d->places[kind][i].bytes);
			extra_free(d->places[kind][i].extras);
		}
		free(d->places[kind]);
	}
	free(d->documents);
	free(d->changed);
	free(d->kept);
	free(d->links);
	EVP_MD_free(d->md5);
	pthread_rwlock_destroy(&d->lock);
	free(d);
}

void
data_lock(struct data *d)
{
	pthread_rwlock_rdlock(&d->lock);
}

void
data_unlock(struct data *d)
{
	pthread_rwlock_unlock(&d->lock);
}

uint32_t
data_document_count(const struct data *d)
{
	return d->made + d->count;
}

uint32_t
data_version_rows(const struct data *d)
{
	return d->made * SYNTHETIC_STRIDE + d->kept_count;
}

/* The slot of number in the hash, or the free one for it. */
static uint32_t
changed_slot(const struct data *d, uint32_t number)
{
	uint32_t i = (number * 2654435769u) & (d->changed_size - 1);

	while (d->changed[i] && d->changed[i]->number != number)
		i = (i + 1) & (d->changed_size - 1);
	return i;
}

/* The document, if it is kept in memory; or NULL. */
static struct document *
find_kept(const struct data *d, uint32_t number)
{
	if (number >= d->made)
		return d->documents[number - d->made];
	return d->changed_size ? d->changed[changed_slot(d, number)] : NULL;
}

const struct document *
data_document(const struct data *d, uint32_t number, struct document *space)
{
	const struct document *doc = find_kept(d, number);

	if (doc)
		return doc;
	synthetic_document(number, d->plain, space);
	return space;
}

const struct version *
data_version(const struct data *d, uint32_t row, struct document *space,
    const struct document **out)
{
	uint32_t first = d->made * SYNTHETIC_STRIDE;
	uint32_t number = row < first ? row / SYNTHETIC_STRIDE : d->kept[row - first].document;
	unsigned index = row < first ? row % SYNTHETIC_STRIDE : d->kept[row - first].index;
	const struct document *doc = data_document(d, number, space);

	/* A synthetic row belongs to the first versions of its document. */
	if (index >= doc->count || doc->versions[index].row != row)
		return NULL;
	*out = doc;
	return &doc->versions[index];
}

static size_t
copy_text(const char *s, char out[VALUE_SPACE])
{
	size_t len = strlen(s);

	if (len >= VALUE_SPACE)
		len = VALUE_SPACE - 1;
	memcpy(out, s, len);
	out[len] = '\0';
	return len;
}

size_t
data_title(const struct data *d, const struct document *doc, char out[VALUE_SPACE])
{
	return doc->title ? copy_text(doc->title, out) :
			    synthetic_title(doc->number, d->plain, out);
}

size_t
data_path_on_client(const struct data *d, const struct document *doc, const struct version *v,
    char out[VALUE_SPACE])
{
	return v->path_on_client ? copy_text(v->path_on_client, out) :
				   synthetic_path(doc->number, d->plain, out);
}

bool
data_url(const struct data *d, const struct document *doc, char out[VALUE_SPACE])
{
	if (doc->url)
		return copy_text(doc->url, out);
	return doc->number < d->made && synthetic_url(doc->number, d->plain, out);
}

static void
hex(const unsigned char *digest, char out[33])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[32] = '\0';
}

static void
md5_bytes(const struct data *d, const void *bytes, size_t len, char out[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };

	EVP_Digest(bytes, len, digest, NULL, d->md5, NULL);
	hex(digest, out);
}

/* Size and MD5 of a file. */
static int
md5_file(const struct data *d, const char *path, int64_t *size, char out[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char *block = malloc(BLOCK);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : 0;
	int64_t total = 0;
	ssize_t n = 0;

	if (!ctx || !block)
		rc = -ENOMEM;
	if (rc != 0)
		goto out;
	EVP_DigestInit_ex2(ctx, d->md5, NULL);
	while ((n = read(fd, block, BLOCK)) > 0) {
		EVP_DigestUpdate(ctx, block, (size_t)n);
		total += n;
	}
	if (n < 0) {
		rc = -errno;
		goto out;
	}
	EVP_DigestFinal_ex(ctx, digest, NULL);
	hex(digest, out);
	*size = total;
out:
	if (fd >= 0)
		close(fd);
	free(block);
	EVP_MD_CTX_free(ctx);
	return rc;
}

void
data_content(const struct data *d, const struct document *doc, const struct version *v,
    struct content *c)
{
	uint64_t key = (uint64_t)v->row + 1;

	if (c->key == key)
		return;
	c->key = key;
	c->file = v->file;
	c->bytes = v->bytes;
	c->size = v->size;
	memcpy(c->md5, v->md5, sizeof(c->md5));
	if (v->file || v->bytes)
		return;
	c->bytes = c->space;
	c->size = (int64_t)synthetic_content(doc->number, d->plain, v->number, c->space);
	md5_bytes(d, c->space, (size_t)c->size, c->md5);
}

int
data_make(struct data *d, uint32_t count, bool plain)
{
	int64_t then = 1577836800000;
	uint32_t number, ignored;
	char name[32];
	int rc = 0;

	d->made = count;
	d->plain = plain;
	for (unsigned i = 0; i < SYNTHETIC_LIBRARIES && rc == 0; i++) {
		snprintf(name, sizeof(name), "Library %u", i + 1);
		rc =
		    place_want(d, PLACE_LIBRARY, name, DOCUMENT_NONE, DOCUMENT_NONE, then, &number);
		for (unsigned j = 1; j <= SYNTHETIC_FOLDERS && rc == 0; j++) {
			/* Two folders are in the root, two in the first of these. */
			uint32_t parent = number * (SYNTHETIC_FOLDERS + 1) + (j > 2);

			snprintf(name, sizeof(name), "Folder %u", j);
			rc = place_want(d, PLACE_FOLDER, name, number, parent, then, &ignored);
		}
	}
	for (unsigned i = 0; i < SYNTHETIC_ACCOUNTS && rc == 0; i++) {
		snprintf(name, sizeof(name), "Account %u", i + 1);
		rc = place_want(d, PLACE_ACCOUNT, name, DOCUMENT_NONE, DOCUMENT_NONE, then,
		    &ignored);
	}
	return rc;
}

bool
data_grow(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
	void **p = array;

	if (count < *capacity)
		return true;
	uint32_t more = *capacity ? *capacity * 2 : 64;
	void *q = realloc(*p, more * size);
	if (!q)
		return false;
	*p = q;
	*capacity = more;
	return true;
}

static bool
grow_changed(struct data *d)
{
	uint32_t size = d->changed_size, more = size ? size * 2 : 64;
	struct document **old = d->changed;

	if (d->changed_count * 2 < size)
		return true;
	struct document **table = calloc(more, sizeof(struct document *));
	if (!table)
		return false;
	d->changed = table;
	d->changed_size = more;
	for (uint32_t i = 0; i < size; i++)
		if (old[i])
			d->changed[changed_slot(d, old[i]->number)] = old[i];
	free(old);
	return true;
}

struct document *
data_keep(struct data *d, uint32_t number)
{
	struct document *doc = find_kept(d, number);

	if (doc)
		return doc;
	doc = calloc(1, sizeof(*doc));
	if (!doc || !grow_changed(d))
		goto fail;
	synthetic_document(number, d->plain, doc);
	doc->versions = malloc(doc->count * sizeof(struct version));
	if (!doc->versions)
		goto fail;
	memcpy(doc->versions, doc->few, doc->count * sizeof(struct version));
	d->changed[changed_slot(d, number)] = doc;
	d->changed_count++;
	return doc;
fail:
	free(doc);
	return NULL;
}

/* Also when this fails, *v owns its fields. Reads the bytes: call it unlocked. */
static int
version_fill(const struct data *d, const struct upload *up, int64_t now, struct version *v)
{
	memset(v, 0, sizeof(*v));
	v->created = now;
	v->modified = up->modified;
	v->path_on_client = strdup(up->path_on_client);
	v->reason = up->reason ? strdup(up->reason) : NULL;
	if (!v->path_on_client || (up->reason && !v->reason))
		return -ENOMEM;
	if (up->file) {
		v->file = strdup(up->file);
		return v->file ? md5_file(d, up->file, &v->size, v->md5) : -ENOMEM;
	}
	v->bytes = malloc(up->len + 1);
	if (!v->bytes)
		return -ENOMEM;
	if (up->len)
		memcpy(v->bytes, up->bytes, up->len);
	v->size = (int64_t)up->len;
	md5_bytes(d, v->bytes, up->len, v->md5);
	return 0;
}

/* Takes the fields of v if it succeeds. */
static int
append_version(struct data *d, struct document *doc, struct version *v)
{
	struct version *versions = realloc(doc->versions, (doc->count + 1) * sizeof(*versions));

	if (!versions)
		return -ENOMEM;
	doc->versions = versions;
	if (!data_grow(&d->kept, d->kept_count, &d->kept_capacity, sizeof(struct kept)))
		return -ENOMEM;
	v->row = d->made * SYNTHETIC_STRIDE + d->kept_count;
	v->number = doc->count + 1;
	d->kept[d->kept_count++] = (struct kept){ doc->number, doc->count };
	versions[doc->count++] = *v;
	return 0;
}

int
data_add_document(struct data *d, const char *title, const struct placing *at,
    const struct upload *up, int64_t now, uint32_t *out)
{
	struct document *doc = calloc(1, sizeof(*doc));
	struct version v = { 0 };
	int rc = version_fill(d, up, now, &v);

	pthread_rwlock_wrlock(&d->lock);
	if (rc == 0 &&
	    (!doc || !(doc->title = strdup(title)) || (up->url && !(doc->url = strdup(up->url))) ||
		(up->external && !(doc->external = strdup(up->external))) ||
		!data_grow(&d->documents, d->count, &d->capacity, sizeof(struct document *))))
		rc = -ENOMEM;
	if (rc != 0)
		goto out;
	doc->number = d->made + d->count;
	doc->created = now;
	doc->modified = up->modified;
	doc->modstamp = now;
	doc->owner = at->owner;
	doc->library = at->library;
	doc->folder = at->folder;
	doc->record_kind = at->record_kind;
	doc->record = at->record;
	rc = append_version(d, doc, &v);
	if (rc != 0)
		goto out;
	d->documents[d->count++] = doc;
	*out = doc->number;
	doc = NULL;
	v = (struct version){ 0 };
out:
	pthread_rwlock_unlock(&d->lock);
	version_free(&v);
	document_free(doc);
	return rc;
}

/* A new version; or, if replace, other bytes in the place of the latest one. */
static int
put_version(
    struct data *d, uint32_t number, const struct upload *up, int64_t now, bool replace)
{
	struct version v;
	int rc = version_fill(d, up, now, &v);

	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = rc == 0 ? data_keep(d, number) : NULL;
	if (rc == 0 && !doc)
		rc = -ENOMEM;
	if (rc == 0 && replace) {
		struct version *latest = &doc->versions[doc->count - 1], old = *latest;

		v.row = old.row;
		v.number = old.number;
		v.created = old.created;
		*latest = v;
		v = old;
	} else if (rc == 0 && (rc = append_version(d, doc, &v)) == 0) {
		doc->modified = up->modified;
		v = (struct version){ 0 };
	}
	if (rc == 0)
		doc->modstamp = now;
	pthread_rwlock_unlock(&d->lock);
	version_free(&v);
	return rc;
}

int
data_add_version(struct data *d, uint32_t number, const struct upload *up, int64_t now)
{
	return put_version(d, number, up, now, false);
}

int
data_replace_version(struct data *d, uint32_t number, const struct upload *up, int64_t now)
{
	return put_version(d, number, up, now, true);
}

int
data_rename(struct data *d, uint32_t number, const char *title, int64_t now)
{
	char *copy = strdup(title);

	if (!copy)
		return -ENOMEM;
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	if (doc) {
		free(doc->title);
		doc->title = copy;
		doc->modified = now;
		doc->modstamp = now;
	}
	pthread_rwlock_unlock(&d->lock);
	if (!doc)
		free(copy);
	return doc ? 0 : -ENOMEM;
}

int
data_mark(struct data *d, uint32_t number, unsigned set, unsigned clear, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	if (doc) {
		doc->state = (doc->state & ~clear) | set;
		if (set & DOCUMENT_ARCHIVED)
			doc->archived = now;
		doc->modstamp = now;
	}
	pthread_rwlock_unlock(&d->lock);
	return doc ? 0 : -ENOMEM;
}

int
data_set_date(struct data *d, uint32_t number, enum data_date which, int64_t ms)
{
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	if (doc)
		*(which == DATA_CREATED ? &doc->created :
			which == DATA_MODIFIED ? &doc->modified : &doc->modstamp) = ms;
	pthread_rwlock_unlock(&d->lock);
	return doc ? 0 : -ENOMEM;
}

static void
empty(struct document *doc)
{
	if (doc && doc->state & DOCUMENT_DELETED)
		doc->state |= DOCUMENT_GONE;
}

void
data_empty_bin(struct data *d)
{
	pthread_rwlock_wrlock(&d->lock);
	for (uint32_t i = 0; i < d->count; i++)
		empty(d->documents[i]);
	for (uint32_t i = 0; i < d->changed_size; i++)
		empty(d->changed[i]);
	pthread_rwlock_unlock(&d->lock);
}

int
data_own(struct data *d, uint32_t number, uint32_t owner, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	if (doc) {
		doc->owner = owner;
		doc->modstamp = now;
	}
	pthread_rwlock_unlock(&d->lock);
	return doc ? 0 : -ENOMEM;
}

int
data_put(struct data *d, uint32_t number, uint32_t library, uint32_t folder, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	if (doc) {
		doc->library = library;
		doc->folder = folder;
		doc->modstamp = now;
	}
	pthread_rwlock_unlock(&d->lock);
	return doc ? 0 : -ENOMEM;
}

int
data_set(struct data *d, uint32_t number, const struct field *field, const char *text, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	int rc = doc ? extra_set(&doc->extras, field, text) : -ENOMEM;
	if (rc == 0)
		doc->modstamp = now;
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

int
data_set_version(struct data *d, uint32_t number, unsigned index, const struct field *field,
    const char *text, int64_t now)
{
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	int rc = doc ? extra_set(&doc->versions[index].extras, field, text) : -ENOMEM;
	if (rc == 0)
		doc->modstamp = now;
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

int
data_set_reason(struct data *d, uint32_t number, unsigned index, const char *text, int64_t now)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	pthread_rwlock_wrlock(&d->lock);
	struct document *doc = data_keep(d, number);
	if (doc) {
		free(doc->versions[index].reason);
		doc->versions[index].reason = copy;
		doc->modstamp = now;
	}
	pthread_rwlock_unlock(&d->lock);
	if (!doc)
		free(copy);
	return doc ? 0 : -ENOMEM;
}
