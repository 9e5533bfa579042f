// MicroPython's wrapper around mbedtls_ecdsa_write_signature, which asks the Python callback for the
// signature. The port does not compile that file by itself. The wrapper is all that is wanted of it:
// in newer trees its end also defines the entropy source of ports that bring their own mbedTLS, and
// ESP-IDF has one. That end depends on MICROPY_PY_SSL.
#include "py/mpconfig.h"
#undef MICROPY_PY_SSL
#define MICROPY_PY_SSL (0)

#if !MICROPY_PY_SSL_ECDSA_SIGN_ALT
#error "MICROPY_PY_SSL_ECDSA_SIGN_ALT must come from the command line: see iotsafe.cmake"
#endif

#include "extmod/mbedtls/mbedtls_alt.c"
