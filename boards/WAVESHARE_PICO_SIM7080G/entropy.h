// Where mbedTLS's random numbers come from: the chip's ring oscillator, mixed with the SIM.
#ifndef IOTSAFE_ENTROPY_H
#define IOTSAFE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

// One raw bit of the chip's noise source. Defined by the port's side (modentropy.c).
int entropy_raw_bit(void);

enum {
    ENTROPY_FED = 0,
    ENTROPY_TOO_SHORT, // fewer than ENTROPY_FEED_MIN bytes
    ENTROPY_CONSTANT, // one value throughout, or what was fed before
};
#define ENTROPY_FEED_MIN (16)

// Mix `length` bytes of another source (the SIM's GET RANDOM) into the pool. Returns one of the
// values above; only ENTROPY_FED has changed the pool.
int entropy_feed(const uint8_t *data, size_t length);

#endif // IOTSAFE_ENTROPY_H
