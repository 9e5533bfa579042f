// The entropy source of mbedTLS: the chip's ring oscillator, mixed with random numbers of the SIM.
#ifndef IOTSAFE_ENTROPY_H
#define IOTSAFE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

// Returns one raw bit of the chip's noise source. modentropy.c defines it.
int entropy_raw_bit(void);

enum {
    ENTROPY_FED = 0,
    ENTROPY_TOO_SHORT, // fewer than ENTROPY_FEED_MIN bytes
    ENTROPY_CONSTANT, // all bytes are equal, or the data is the same as last time
};
#define ENTROPY_FEED_MIN (16)

// Mix `length` bytes of another source (the SIM's GET RANDOM) into the pool. Returns one of the
// values above; only with ENTROPY_FED has the pool changed.
int entropy_feed(const uint8_t *data, size_t length);

#endif // IOTSAFE_ENTROPY_H
