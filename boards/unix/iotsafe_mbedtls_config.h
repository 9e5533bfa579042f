// mbedTLS for the variant "iotsafe": MicroPython's common configuration, plus TLS 1.3.
#ifndef IOTSAFE_MBEDTLS_CONFIG_H
#define IOTSAFE_MBEDTLS_CONFIG_H

// The unix port's own configuration sets these two as well.
#define MBEDTLS_CIPHER_MODE_CTR
#define MBEDTLS_TIMING_C

// TLS 1.3 with ephemeral keys; TLS 1.2 stays on. MBEDTLS_USE_PSA_CRYPTO must stay undefined:
// with it, mbedTLS signs through PSA and never calls the signing callback.
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_HKDF_C

#include "extmod/mbedtls/mbedtls_config_common.h"

#endif // IOTSAFE_MBEDTLS_CONFIG_H
