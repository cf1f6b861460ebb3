/*
 * unmount - unmounts, and says which programs are in the way: sffs unmount.
 *
 * Reads /proc; never asks the mount, so one that is dead or stopped is no obstacle. Single thread.
 */
#pragma once

/*
 * Unmounts what sffs has mounted at the path, and waits up to ten seconds for its process to end.
 * Errors are logged: -EINVAL: there is no such mount; -EBUSY: programs use it; -EPERM: this user
 * may not; -ENODATA: it is unmounted, but its process has not ended.
 */
int	unmount_run(const char *path);
