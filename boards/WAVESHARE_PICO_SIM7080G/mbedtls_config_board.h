// mbedTLS for this board: the port's configuration, plus TLS 1.3 with ephemeral keys, less heap.
//
// MBEDTLS_USE_PSA_CRYPTO must stay undefined: with it mbedTLS signs through PSA and never asks the
// signing callback.
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_HKDF_C

// The server's certificate is kept for the application to see; TLS 1.3 needs it.
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE

#include "ports/rp2/mbedtls/mbedtls_config_port.h"

// A session's two buffers. A server may send records of up to 16 KB, and has no reason to: its
// certificates are the longest message there is, 5 KB where a cloud sends three. Ours must fit
// into the output, with its chain.
#undef MBEDTLS_SSL_IN_CONTENT_LEN
#undef MBEDTLS_SSL_OUT_CONTENT_LEN
#define MBEDTLS_SSL_IN_CONTENT_LEN (5632)
#define MBEDTLS_SSL_OUT_CONTENT_LEN (2048)

// Curve points that are kept while a signature is verified; sources of random numbers.
#define MBEDTLS_ECP_WINDOW_SIZE (2)
#define MBEDTLS_ENTROPY_MAX_SOURCES (2)

// Nothing here runs over datagrams.
#undef MBEDTLS_SSL_PROTO_DTLS
