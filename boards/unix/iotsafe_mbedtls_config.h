// mbedTLS for the variant "iotsafe": MicroPython's common configuration, plus TLS 1.3 and RSASSA-PSS.
#ifndef IOTSAFE_MBEDTLS_CONFIG_H
#define IOTSAFE_MBEDTLS_CONFIG_H

// The unix port's own configuration sets these two as well.
#define MBEDTLS_CIPHER_MODE_CTR
#define MBEDTLS_TIMING_C

#include "../common/iotsafe_mbedtls.h"
#include "extmod/mbedtls/mbedtls_config_common.h"

#endif // IOTSAFE_MBEDTLS_CONFIG_H
