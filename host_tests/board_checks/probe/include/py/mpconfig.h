// Stands in for MicroPython's py/mpconfig.h, which on a board includes the whole SDK.
#ifndef MICROPY_PY_SSL
#define MICROPY_PY_SSL (1)
#endif
#define MICROPY_SSL_MBEDTLS (1)
