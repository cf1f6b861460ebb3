#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct handle {
	struct handle	*next, **prev;
	fuse_ino_t	 ino;
	struct file	*file;
	bool		 no_pages;	/* it must not put bytes into the page cache */
};

int
handles_add(struct mount *m, fuse_ino_t ino, struct file *file, struct fuse_file_info *fi)
{
	struct handle *h = malloc(sizeof(*h));

	if (!h)
		return -ENOMEM;
	pthread_mutex_lock(&m->handle_lock);
	*h = (struct handle){ .next = m->handles, .prev = &m->handles, .ino = ino, .file = file,
		.no_pages = fi->direct_io && file_source(file) };
	if (h->next)
		h->next->prev = &h->next;
	m->handles = h;
	pthread_mutex_unlock(&m->handle_lock);
	fi->fh = (uint64_t)(uintptr_t)h;
	return 0;
}

static struct handle *
handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

struct file *
handles_file(const struct fuse_file_info *fi)
{
	return handle_of(fi)->file;
}

bool
handles_fills_pages(const struct fuse_file_info *fi)
{
	/* Even with direct I/O a MAP_PRIVATE reads through the page cache, without a lock owner. */
	return handle_of(fi)->no_pages && fi->lock_owner == 0;
}

static void
end_handle(struct mount *m, struct handle *h)
{
	pthread_mutex_lock(&m->handle_lock);
	*h->prev = h->next;
	if (h->next)
		h->next->prev = h->prev;
	pthread_mutex_unlock(&m->handle_lock);
	tree_close_file(m->tree, h->ino, h->file);
	free(h);
}

void
handles_end(struct mount *m, const struct fuse_file_info *fi)
{
	end_handle(m, handle_of(fi));
}

void
handles_close(struct mount *m)
{
	while (m->handles)
		end_handle(m, m->handles);
}
