/*
 * systemd - reports the state of the service to systemd, by sd_notify(3)'s protocol.
 *
 * Any thread.
 */
#pragma once

/* A socket to $NOTIFY_SOCKET, which the caller closes; -1: there is none. */
int	systemd_open(void);
/* Sends lines such as "READY=1". fd may be -1. Errors are ignored. */
void	systemd_notify(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
