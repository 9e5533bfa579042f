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

// What mbedTLS allocates is in the heap that a soft reset throws away. Freed before: the key store
// and random generator that TLS 1.3 keeps for the next session. Forgotten: MicroPython's list of
// what is allocated, where contexts without a finaliser still are; the next start would go on with
// it, and write into whatever has taken their place.
void mbedtls_psa_crypto_free(void);
#define MICROPY_BOARD_END_SOFT_RESET() \
    do { \
        mbedtls_psa_crypto_free(); \
        MP_STATE_VM(m_tracked_head) = NULL; \
    } while (0)

// The C stack of stack.c instead of the port's.
#define __StackTop iotsafe_stack_top
#define __StackBottom iotsafe_stack_bottom
