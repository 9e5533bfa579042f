// The options of mbedTLS for every firmware with TLS 1.3. Include it before MicroPython's configuration.
#ifndef IOTSAFE_MBEDTLS_H
#define IOTSAFE_MBEDTLS_H

// TLS 1.3 with ephemeral keys; TLS 1.2 stays on. MBEDTLS_USE_PSA_CRYPTO must stay undefined: with it,
// mbedTLS signs through PSA and never calls the signing callback.
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_HKDF_C

// Keep the server's certificate, so that the application can read it. TLS 1.3 requires this.
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE

// RSASSA-PSS: a server with an RSA key signs with nothing else in TLS 1.3; a CA may sign with it, too.
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT

#endif // IOTSAFE_MBEDTLS_H
