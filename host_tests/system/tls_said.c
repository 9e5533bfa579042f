// In front of OpenSSL in a server that does not log what it negotiated: writes it to standard error.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

#define HANDSHAKE_DONE (0x20)

// OpenSSL's own functions; its headers need not be installed.
typedef struct ssl_st SSL;
void SSL_set_info_callback(SSL *, void (*)(const SSL *, int, int));
const char *SSL_get_version(const SSL *);
const void *SSL_get_current_cipher(const SSL *);
const char *SSL_CIPHER_get_name(const void *);

static void said(const SSL *session, int where, int result)
{
    (void)result;
    if (where & HANDSHAKE_DONE) {
        fprintf(stderr, "negotiated %s cipher %s\n", SSL_get_version(session),
            SSL_CIPHER_get_name(SSL_get_current_cipher(session)));
    }
}

SSL *SSL_new(void *context)
{
    SSL *(*real)(void *) = dlsym(RTLD_NEXT, "SSL_new");
    SSL *session = real(context);
    if (session) {
        SSL_set_info_callback(session, said);
    }
    return session;
}
