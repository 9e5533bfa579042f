/* Preloaded into pcscd: whatever it keeps in /run/pcscd lies in the folder that PCSCD_FOLDER names,
 * and its vpcd, which has no setting for that, listens on loopback only.
 *
 * pcscd has that path compiled in. It ends at once where the path is missing and it may not make
 * it, as on a machine without systemd, and it would share its process id file with the machine's
 * own pcscd. These are the calls that it makes with names in there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const char compiled_in[] = "/run/pcscd";

/* `path`, or what stands for it, written to `room` (PATH_MAX bytes). */
static const char *ours(const char *path, char *room)
{
    size_t length = sizeof compiled_in - 1;
    const char *folder = getenv("PCSCD_FOLDER");
    if (!folder || !path || strncmp(path, compiled_in, length))
        return path;
    if (path[length] != '\0' && path[length] != '/')
        return path;
    snprintf(room, PATH_MAX, "%s%s", folder, path + length);
    return room;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define TAKES_A_PATH(type, name, parameters, ...)  \
    type name parameters                           \
    {                                              \
        char room[PATH_MAX];                       \
        path = ours(path, room);                   \
        return NEXT(name)(path, ##__VA_ARGS__);    \
    }

TAKES_A_PATH(int, stat, (const char *path, struct stat *info), info)
TAKES_A_PATH(int, lstat, (const char *path, struct stat *info), info)
TAKES_A_PATH(int, mkdir, (const char *path, mode_t mode), mode)
TAKES_A_PATH(int, chmod, (const char *path, mode_t mode), mode)
TAKES_A_PATH(int, remove, (const char *path))
TAKES_A_PATH(int, unlink, (const char *path))
TAKES_A_PATH(FILE *, fopen, (const char *path, const char *mode), mode)

int open(const char *path, int flags, ...)
{
    char room[PATH_MAX];
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return NEXT(open)(ours(path, room), flags, mode);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    struct sockaddr_in own;
    if (address->sa_family == AF_INET && size >= sizeof own) {
        memcpy(&own, address, sizeof own);
        if (own.sin_addr.s_addr == htonl(INADDR_ANY))
            own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return NEXT(bind)(fd, (const struct sockaddr *)&own, sizeof own);
    }
    return NEXT(bind)(fd, address, size);
}
