// In front of the C library in gnutls-serv, which cannot be told on which address to listen, nor how
// long a handshake may last: loopback; any time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
    if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in changed = *(const struct sockaddr_in *)address;
        changed.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return real(fd, (struct sockaddr *)&changed, sizeof changed);
    }
    if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 changed = *(const struct sockaddr_in6 *)address;
        changed.sin6_addr = in6addr_loopback;
        return real(fd, (struct sockaddr *)&changed, sizeof changed);
    }
    return real(fd, address, length);
}

// A board that shares two cores with other work may need more than the 40 seconds that GnuTLS gives
// a handshake, and the 50 that gnutls-serv gives a silent client.
void gnutls_handshake_set_timeout(void *session, unsigned int ms)
{
}

// No time passes, so no client is silent for long.
time_t time(time_t *result)
{
    static time_t start;
    if (!start) {
        time_t (*real)(time_t *) = dlsym(RTLD_NEXT, "time");
        start = real(NULL);
    }
    if (result)
        *result = start;
    return start;
}
