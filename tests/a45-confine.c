/*
 * Tries to break out of a confinement, and does in it everything that a mount must do. Each try is
 * a process of its own.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/mount/confine.h"
#include "tap.h"

/*
 * TOP/ours can be written, TOP/read and TOP/key/file can be read, TOP/theirs is out of reach. TOP
 * is not below /tmp, because a confined process may write there.
 */
static char top[] = "/dev/shm/sffs-confine.XXXXXX";
static char path[128], other[128];
static int before;		/* a file of TOP/theirs, opened before the confinement */
static struct sockaddr_un abstract = { .sun_family = AF_UNIX };

static const char *
at(char to[128], const char *below)
{
	snprintf(to, 128, "%s/%s", top, below);
	return to;
}

static int
result(int rc)
{
	if (rc < 0)
		return errno;
	return 0;
}

static int
try_open(const char *below, int flags)
{
	return result(open(below[0] == '/' ? below : at(path, below), flags | O_CLOEXEC, 0600));
}

/* Needed acts */
static int read_it(void) { return try_open("read/file", O_RDONLY); }
static int list_it(void) { return try_open("read", O_RDONLY | O_DIRECTORY); }
static int make(void) { return try_open("ours/new", O_RDWR | O_CREAT | O_EXCL); }
static int make_nameless(void) { return try_open("ours", O_TMPFILE | O_RDWR); }
static int cut(void) { return result(truncate(at(path, "ours/file"), 1)); }
static int make_dir(void) { return result(mkdir(at(path, "ours/dir"), 0700)); }
static int move(void) { return result(rename(at(path, "ours/file"), at(other, "ours/sub/file"))); }
static int take_away(void) { return result(unlink(at(path, "ours/file"))); }
static int use_open(void) { return result((int)write(before, "x", 1)); }
static int
temporary(void)
{
	char name[] = "/tmp/sffs-confine.XXXXXX";
	int fd = mkstemp(name);
	unlink(name);
	return result(fd);
}
static int certificates(void) { return try_open("/etc/ssl/certs/ca-certificates.crt", O_RDONLY); }
static int null(void) { return try_open("/dev/null", O_RDWR); }
static int mounts(void) { return try_open("/proc/self/mountinfo", O_RDONLY); }
static int characters(void) { return iconv_open("UTF-8", "EUC-JP") == (iconv_t)-1 ? errno : 0; }

static int
look_up(void)
{
	struct addrinfo *found = NULL;

	return getaddrinfo("localhost", "443", &(struct addrinfo){ .ai_socktype = SOCK_STREAM },
		   &found) == 0 ?
	    0 :
	    EIO;
}

static int
ask_a_server(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof(to)) == 0 ||
		errno == ECONNREFUSED ?
	    0 :
	    errno;
}

static int one_file(void) { return try_open("key/file", O_RDONLY); }

/* Forbidden acts */
static int beside(void) { return try_open("key/other", O_RDONLY); }
static int list_beside(void) { return try_open("key", O_RDONLY | O_DIRECTORY); }
static int write_file(void) { return try_open("key/file", O_WRONLY); }
static int read_theirs(void) { return try_open("theirs/file", O_RDONLY); }
static int list_theirs(void) { return try_open("theirs", O_RDONLY | O_DIRECTORY); }
static int up_and_down(void) { return try_open("ours/../theirs/file", O_RDONLY); }
static int by_link(void) { return try_open("ours/link", O_RDONLY); }
static int
by_root(void)
{
	char s[160];
	snprintf(s, sizeof(s), "/proc/self/root%s", at(path, "theirs/file"));
	return try_open(s, O_RDONLY);
}
static int
again(void)
{
	char s[64];
	snprintf(s, sizeof(s), "/proc/self/fd/%d", before);
	return try_open(s, O_RDWR);
}
static int write_read(void) { return try_open("read/file", O_WRONLY); }
static int make_theirs(void) { return try_open("theirs/new", O_WRONLY | O_CREAT); }
static int cut_theirs(void) { return result(truncate(at(path, "theirs/file"), 0)); }
static int unlink_theirs(void) { return result(unlink(at(path, "theirs/file"))); }
static int move_out(void) { return result(rename(at(path, "ours/file"), at(other, "theirs/out"))); }
static int move_in(void) { return result(rename(at(path, "theirs/file"), at(other, "ours/in"))); }
static int hard_link(void) { return result(link(at(path, "theirs/file"), at(other, "ours/hard"))); }
static int make_link(void) { return result(symlink("/", at(path, "ours/way"))); }
static int home(void) { return try_open("/home", O_RDONLY | O_DIRECTORY); }
static int run(void) { return result(execl("/bin/true", "true", NULL)); }
static int
mount_it(void)
{
	int rc = result(mount("none", at(path, "ours/sub"), "tmpfs", 0, NULL));
	umount2(path, MNT_DETACH);
	return rc;
}
static int unmount_it(void) { return result(umount2("/dev/shm", MNT_DETACH)); }
static int kill_it(void) { return result(kill(getppid(), 0)); }
static int debug_it(void) { return result((int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)); }
static int
look_in(void)
{
	char s[64];
	snprintf(s, sizeof(s), "/proc/%d/mem", (int)getppid());
	return try_open(s, O_RDONLY);
}
static int
environment(void)
{
	char s[64];
	snprintf(s, sizeof(s), "/proc/%d/environ", (int)getppid());
	return try_open(s, O_RDONLY);
}
static int change_root(void) { return result(chroot(at(path, "ours"))); }

static int
listen_on(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return result(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&here,
	    sizeof(here)));
}

static int
talk_to(void)
{
	return result(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&abstract,
	    sizeof(abstract)));
}

static void *
in_thread(void *ctx)
{
	(void)ctx;
	return (void *)(intptr_t)read_theirs();
}

static int
by_thread(void)
{
	pthread_t t;
	void *rc = NULL;

	if (pthread_create(&t, NULL, in_thread, NULL) == 0)
		pthread_join(t, &rc);
	return (int)(intptr_t)rc;
}

static const struct {
	int (*act)(void);
	const char *what;
	bool good;
	int abi;		/* the first version of Landlock that forbids it */
} cases[] = {
	{ read_it, "reads what may be read", true, 1 },
	{ list_it, "lists it", true, 1 },
	{ make, "makes a file", true, 1 },
	{ make_nameless, "makes one without a name", true, 1 },
	{ cut, "truncates a file", true, 1 },
	{ make_dir, "makes a directory", true, 1 },
	{ move, "moves a file", true, 2 },
	{ take_away, "removes a file", true, 1 },
	{ use_open, "writes what was open before", true, 1 },
	{ temporary, "makes a temporary file", true, 1 },
	{ certificates, "reads certificates", true, 1 },
	{ null, "opens /dev/null", true, 1 },
	{ mounts, "reads what is mounted", true, 1 },
	{ characters, "loads a character set", true, 1 },
	{ look_up, "looks up a host", true, 1 },
	{ ask_a_server, "asks a server", true, 1 },
	{ one_file, "reads a file that was named", true, 1 },
	{ beside, "reads what is beside that file", false, 1 },
	{ list_beside, "lists where it is", false, 1 },
	{ write_file, "writes it", false, 1 },
	{ read_theirs, "reads another file", false, 1 },
	{ list_theirs, "lists another directory", false, 1 },
	{ home, "lists /home", false, 1 },
	{ up_and_down, "goes up and down again", false, 1 },
	{ by_link, "follows a link out", false, 1 },
	{ by_root, "goes by /proc/self/root", false, 1 },
	{ again, "opens again what was open before", false, 1 },
	{ by_thread, "lets a thread do it", false, 1 },
	{ write_read, "writes what may be read", false, 1 },
	{ make_theirs, "makes a file elsewhere", false, 1 },
	{ cut_theirs, "truncates another file", false, 3 },
	{ unlink_theirs, "removes another file", false, 1 },
	{ move_out, "moves a file out", false, 1 },
	{ move_in, "moves one in", false, 1 },
	{ hard_link, "links one in", false, 1 },
	{ make_link, "makes a symbolic link", false, 1 },
	{ run, "runs a program", false, 1 },
	{ mount_it, "mounts", false, 1 },
	{ unmount_it, "unmounts", false, 1 },
	{ debug_it, "debugs another process", false, 1 },
	{ look_in, "looks into another's memory", false, 1 },
	{ environment, "looks at another's environment", false, 1 },
	{ change_root, "changes its root", false, 1 },
	{ listen_on, "listens", false, 4 },
	{ kill_it, "signals another process", false, 6 },
	{ talk_to, "talks to an abstract socket", false, 6 },
};

/* Runs act() in a child, perhaps confined. Returns 0 or an errno. */
static int
try(int (*act)(void), bool confined)
{
	char names[3][128];
	const struct confine_path paths[] = { { at(names[0], "ours"), true },
		{ at(names[1], "read"), false }, { at(names[2], "key/file"), false },
		{ NULL, true },
		{ "/nonexistent/file", true } };
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (confined && confine_enter(paths, sizeof(paths) / sizeof(paths[0])) < 0)
			_exit(200);
		_exit(act());
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void
fill(void)
{
	static const char *const dirs[] = { "ours", "ours/sub", "read", "theirs", "key" };
	static const char *const files[] = { "ours/file", "read/file", "theirs/file", "key/file",
		"key/other" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(at(path, dirs[i]), 0700);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(at(path, files[i]), O_RDWR | O_CREAT, 0600);

		if (fd >= 0 && write(fd, "text", 4) == 4 && i != 2)
			close(fd);
		else
			before = fd;
	}
	(void)!symlink("../theirs/file", at(path, "ours/link"));
}

static void
empty(void)
{
	char command[160];

	close(before);
	snprintf(command, sizeof(command), "rm -rf %s/*", top);
	(void)!system(command);
}

int
main(void)
{
	int abi = confine_abi(), server = socket(AF_UNIX, SOCK_STREAM, 0);

	if (!mkdtemp(top))
		return 1;
	snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1, "%s", top);
	if (bind(server, (struct sockaddr *)&abstract, sizeof(abstract)) < 0 ||
	    listen(server, 64) < 0)
		return 1;
	is_int(confine_abi_of(-1), 0, "a kernel without Landlock gives no confinement");
	is_int(confine_abi_of(1), 0,
	    "the first version of Landlock, which forbids all moves, gives no confinement");
	is_int(confine_abi_of(2), 2, "the second version of Landlock is used");
	if (abi == 0)
		is_int(confine_enter(NULL, 0), -EOPNOTSUPP,
		    "without Landlock confine_enter is EOPNOTSUPP");
	for (size_t i = 0; abi && i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = cases[i].good || abi < cases[i].abi;

		fill();
		int rc = try(cases[i].act, true);
		empty();
		ok((rc == 0) == good && rc != 200, "confined, it %s%s (%s)",
		    good ? "" : "cannot: ", cases[i].what, rc ? strerror(rc) : "done");
		/* Without the confinement the act must succeed. */
		if (!cases[i].good && cases[i].act != debug_it && cases[i].act != unmount_it) {
			fill();
			rc = try(cases[i].act, false);
			empty();
			ok(rc == 0 || geteuid() != 0, "not confined, it %s (%s)", cases[i].what,
			    rc ? strerror(rc) : "done");
		}
	}
	rmdir(top);
	return tap_done();
}
