// A firmware in small: signs with mbedTLS as a TLS client does (mbedtls_pk_sign), with a stand-in for
// extmod/modtls_mbedtls.c that counts how often it is asked. Prints "asked N, result R, LEN bytes".
#include <stdio.h>
#include <string.h>
#include "mbedtls/bignum.h"
#include "mbedtls/pk.h"

static int asked;

int micropy_mbedtls_ecdsa_sign_alt(const mbedtls_mpi *d, const unsigned char *hash, size_t hlen,
    unsigned char *sig, size_t sig_size, size_t *slen) {
    (void)d;
    (void)hash;
    ++asked;
    if (hlen != 32 || sig_size < 8) {
        return -1;
    }
    memcpy(sig, "\x30\x06\x02\x01\x01\x02\x01\x01", 8);
    *slen = 8;
    return 0;
}

static int random_bytes(void *state, unsigned char *buf, size_t len) {
    unsigned *seed = state;
    for (size_t i = 0; i < len; ++i) {
        *seed = *seed * 1103515245 + 12345;
        buf[i] = *seed >> 16;
    }
    return 0;
}

// The placeholder of lib/iotsafe/native.py: SEC1, P-256, d = 2A.
static const unsigned char key[20] =
    "\x30\x12\x02\x01\x01\x04\x01\x2a\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

int main(void) {
    unsigned seed = 1;
    unsigned char hash[32] = {0};
    unsigned char sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len = 0;
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int result = mbedtls_pk_parse_key(&pk, key, sizeof(key), NULL, 0, random_bytes, &seed);
    if (result == 0) {
        result = mbedtls_pk_sign(&pk, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig, sizeof(sig), &len,
            random_bytes, &seed);
    }
    printf("asked %d, result %d, %d bytes\n", asked, result, (int)len);
    return result != 0;
}
