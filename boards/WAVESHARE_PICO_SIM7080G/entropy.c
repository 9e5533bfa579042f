// The entropy source of mbedTLS: the chip's ring oscillator, mixed with random numbers of the SIM.
//
// The linker's --wrap replaces the port's mbedtls_hardware_poll, which uses the oscillator's bits
// untested, with __wrap_mbedtls_hardware_poll. Each poll here reads a window of raw bits, runs the health
// tests of NIST SP 800-90B section 4.4 on them, and hashes them with a pool that also holds the SIM's
// random numbers:
//
//     feed:  pool = SHA-256(0, pool, data)
//     poll:  pool = SHA-256(1, pool, raw bits);  output block i = SHA-256(2, pool, i)
//
// One good source of the two is enough for good output. A chip source that fails its tests is an error
// all the same: TLS does not start.
#include <stdbool.h>
#include <string.h>

#include "mbedtls/entropy.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"

#include "entropy.h"

#define HASH (32) // bytes

// Size of the window, and the cutoffs of the two health tests, for 0.5 bits of entropy per bit and one
// false alarm in 2^30: repetition count (4.4.1) and adaptive proportion (4.4.2: bits in the window that
// equal its first bit).
#define RAW_BITS (1024)
#define RUN_LIMIT (61)
#define SHARE_LIMIT (810)

static uint8_t pool[HASH];
static uint8_t last_fed[HASH]; // SHA-256 of the data that was fed last

// output = SHA-256(kind, pool, data)
static int mix(uint8_t kind, const uint8_t *data, size_t length, uint8_t *output) {
    mbedtls_sha256_context hash;
    mbedtls_sha256_init(&hash);
    int error = mbedtls_sha256_starts(&hash, 0);
    error |= mbedtls_sha256_update(&hash, &kind, 1);
    error |= mbedtls_sha256_update(&hash, pool, HASH);
    error |= mbedtls_sha256_update(&hash, data, length);
    error |= mbedtls_sha256_finish(&hash, output);
    mbedtls_sha256_free(&hash);
    return error;
}

// Fill `raw` with one window of bits. Returns false if the bits fail a health test.
static bool gather(uint8_t raw[RAW_BITS / 8]) {
    int first = 0, previous = -1, run = 0, share = 0;
    for (int i = 0; i < RAW_BITS; i++) {
        int bit = entropy_raw_bit();
        raw[i / 8] = raw[i / 8] << 1 | bit;
        if (i == 0) {
            first = bit;
        }
        share += bit == first;
        run = bit == previous ? run + 1 : 1;
        previous = bit;
        if (run >= RUN_LIMIT || share >= SHARE_LIMIT) {
            return false;
        }
    }
    return true;
}

int entropy_feed(const uint8_t *data, size_t length) {
    if (length < ENTROPY_FEED_MIN) {
        return ENTROPY_TOO_SHORT;
    }
    uint8_t digest[HASH];
    mbedtls_sha256(data, length, digest, 0);
    // If all bytes are equal, the data equals itself shifted by one byte.
    if (memcmp(data, data + 1, length - 1) == 0 || memcmp(digest, last_fed, HASH) == 0) {
        return ENTROPY_CONSTANT;
    }
    memcpy(last_fed, digest, HASH);
    mix(0, data, length, pool);
    return ENTROPY_FED;
}

int __wrap_mbedtls_hardware_poll(void *data, unsigned char *output, size_t length, size_t *filled) {
    (void)data;
    uint8_t raw[RAW_BITS / 8], block[HASH];
    *filled = 0;
    bool good = gather(raw) && mix(1, raw, sizeof(raw), pool) == 0;
    for (uint8_t i = 0; good && *filled < length; i++) {
        size_t part = length - *filled < HASH ? length - *filled : HASH;
        good = mix(2, &i, 1, block) == 0;
        memcpy(output + *filled, block, part);
        *filled += part;
    }
    mbedtls_platform_zeroize(raw, sizeof(raw));
    mbedtls_platform_zeroize(block, sizeof(block));
    return good ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}
