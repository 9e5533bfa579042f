// mbedTLS for this board: the port's configuration, plus TLS 1.3 with ephemeral keys.
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
