/*
 * notify - tells systemd how far a service is, by the socket that it names in $NOTIFY_SOCKET (sd_notify(3)).
 *
 * Does nothing where there is none. Any thread.
 */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

void	notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* "READY=1" and so on, lines */

#endif
