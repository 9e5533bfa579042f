// Compiles MicroPython's wrapper around mbedtls_ecdsa_write_signature, which calls the Python callback for
// the signature. The port does not compile mbedtls_alt.c. In newer trees that file also defines the entropy
// source for ports that bring their own mbedTLS. ESP-IDF has an entropy source, so leave that part out: it
// depends on MICROPY_PY_SSL.
#include "py/mpconfig.h"
#undef MICROPY_PY_SSL
#define MICROPY_PY_SSL (0)

#if !MICROPY_PY_SSL_ECDSA_SIGN_ALT
#error "MICROPY_PY_SSL_ECDSA_SIGN_ALT must come from the command line: see iotsafe.cmake"
#endif

#include "extmod/mbedtls/mbedtls_alt.c"
