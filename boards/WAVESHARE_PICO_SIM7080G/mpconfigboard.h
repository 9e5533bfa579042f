// Raspberry Pi Pico with the Waveshare Pico-SIM7080G hat. What differs between the
// Picos comes from the variants.
#ifndef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "Waveshare Pico-SIM7080G"
#endif

// A Pico without radio has no network in MicroPython's sense; TLS runs over the modem's sockets.
#define MICROPY_PY_SSL (1)

// An old TLS socket that is collected in the middle of a handshake would switch the signing hook
// off; ours are always closed.
#define MICROPY_PY_SSL_FINALISER (0)

// TLS 1.3 keeps mbedTLS's key store and random generator for the next session. They point into
// the heap that a soft reset throws away.
void mbedtls_psa_crypto_free(void);
#define MICROPY_BOARD_END_SOFT_RESET() mbedtls_psa_crypto_free()

// The C stack of stack.c instead of the port's.
#define __StackTop iotsafe_stack_top
#define __StackBottom iotsafe_stack_bottom
