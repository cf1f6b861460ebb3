/*
 * notify - tells systemd how far a service is, by the socket that it names in $NOTIFY_SOCKET
 * (sd_notify(3)).
 *
 * Any thread.
 */
#ifndef FS_MOUNT_SYSTEMD_H
#define FS_MOUNT_SYSTEMD_H

int	systemd_open(void);	/* a socket, to be closed; -1: nobody wants to know */
void systemd_notify(int fd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* "READY=1" and so on, lines; fd may be -1 */

#endif
