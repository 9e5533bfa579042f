// SHA-1 over one block (FIPS 180-4, 6.1.2) as a loop. mbedTLS writes out all 80 steps, which takes
// 4 KB more. TLS does not need SHA-1 here; it is for hashlib.sha1.
#include "mbedtls/sha1.h"

static uint32_t rotate(uint32_t word, int bits) {
    return word << bits | word >> (32 - bits);
}

int mbedtls_internal_sha1_process(mbedtls_sha1_context *context, const unsigned char data[64]) {
    static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t *state = context->MBEDTLS_PRIVATE(state);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    uint32_t words[16]; // the last 16 of the message schedule

    for (int t = 0; t < 80; t++) {
        uint32_t *word = &words[t % 16];
        if (t < 16) {
            *word = (uint32_t)data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3];
            data += 4;
        } else {
            *word = rotate(words[(t - 3) % 16] ^ words[(t - 8) % 16] ^ words[(t - 14) % 16] ^ *word, 1);
        }
        uint32_t f = b ^ c ^ d;
        if (t < 20) {
            f = d ^ (b & (c ^ d));
        } else if (t >= 40 && t < 60) {
            f = (b & c) | (d & (b | c));
        }
        f += rotate(a, 5) + e + constants[t / 20] + *word;
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = f;
    }

    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    return 0;
}
