// mbedTLS for this board: the port's configuration, plus TLS 1.3 and RSASSA-PSS, with less heap.
#include "../common/iotsafe_mbedtls.h"
#include "ports/rp2/mbedtls/mbedtls_config_port.h"

// The two buffers of a session. A server may send records of up to 16 KB but has no need to: the longest
// message is its Certificate, 5 KB where a cloud sends a chain of three. The output buffer must hold our
// own certificate and its chain.
#undef MBEDTLS_SSL_IN_CONTENT_LEN
#undef MBEDTLS_SSL_OUT_CONTENT_LEN
#define MBEDTLS_SSL_IN_CONTENT_LEN (5632)
#define MBEDTLS_SSL_OUT_CONTENT_LEN (2048)

// Fewer precomputed curve points while a signature is verified; two entropy sources.
#define MBEDTLS_ECP_WINDOW_SIZE (2)
#define MBEDTLS_ENTROPY_MAX_SOURCES (2)

// This firmware is a TLS client: no DTLS, no server. Of the curves, those that servers use.
#undef MBEDTLS_SSL_PROTO_DTLS
#undef MBEDTLS_SSL_SRV_C
#undef MBEDTLS_ECP_DP_SECP192R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224R1_ENABLED
#undef MBEDTLS_ECP_DP_SECP192K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP224K1_ENABLED
#undef MBEDTLS_ECP_DP_SECP256K1_ENABLED

// SHA-384 and SHA-512 are slower and 5 KB smaller.
#define MBEDTLS_SHA512_SMALLER

// AES derives three of the four lookup tables of each direction with rotations: 6 KB smaller.
#define MBEDTLS_AES_FEWER_TABLES

// Nothing here hashes with MD5: certificates signed with it are refused, and hashlib has none.
#undef MBEDTLS_MD5_C

// SHA-1's block step is a loop in sha1_process.c: 4 KB smaller.
#define MBEDTLS_SHA1_PROCESS_ALT

// TLS offers no suite with CBC. `cryptolib` gets it from aes_cbc.c.
#undef MBEDTLS_CIPHER_MODE_CBC
#include <stddef.h>
struct mbedtls_aes_context;
int mbedtls_aes_crypt_cbc(struct mbedtls_aes_context *context, int mode, size_t length,
    unsigned char iv[16], const unsigned char *input, unsigned char *output);
