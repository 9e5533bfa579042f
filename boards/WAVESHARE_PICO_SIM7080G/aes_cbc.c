// AES-CBC for `cryptolib`. TLS needs none: with mbedTLS's option each of the two buffers of a session would
// be 288 bytes longer, for padding and MAC.
#include <string.h>
#include "mbedtls/aes.h"

int mbedtls_aes_crypt_cbc(mbedtls_aes_context *context, int mode, size_t length, unsigned char iv[16],
    const unsigned char *input, unsigned char *output) {
    unsigned char block[16];

    if (length % sizeof(block)) {
        return MBEDTLS_ERR_AES_INVALID_INPUT_LENGTH;
    }
    for (; length; length -= sizeof(block)) {
        memcpy(block, input, sizeof(block)); // input and output may be the same
        if (mode == MBEDTLS_AES_ENCRYPT) {
            for (size_t i = 0; i < sizeof(block); i++) {
                iv[i] ^= block[i];
            }
            mbedtls_aes_crypt_ecb(context, mode, iv, output);
            memcpy(iv, output, sizeof(block));
        } else {
            mbedtls_aes_crypt_ecb(context, mode, block, output);
            for (size_t i = 0; i < sizeof(block); i++) {
                output[i] ^= iv[i];
            }
            memcpy(iv, block, sizeof(block));
        }
        input += sizeof(block);
        output += sizeof(block);
    }
    return 0;
}
