// Raspberry Pi Pico with the Waveshare Pico-SIM7080G hat. The variants set what differs between Picos.
#ifndef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "Waveshare Pico-SIM7080G"
#endif

// The port switches TLS off for a Pico without radio; here TLS runs over the modem's sockets.
#define MICROPY_PY_SSL (1)

// If the collector finalised an old TLS socket during a handshake, it would switch the signing hook off.
// The application always closes its TLS sockets, so they need no finaliser.
#define MICROPY_PY_SSL_FINALISER (0)

// mbedTLS allocates from the MicroPython heap, which a soft reset discards. Before that, free the key
// store and random generator that TLS 1.3 keeps between sessions, and empty MicroPython's list of mbedTLS
// allocations. Contexts without a finaliser are still in that list: the next start would keep using it
// and write into memory that now has other owners.
void mbedtls_psa_crypto_free(void);
#define MICROPY_BOARD_END_SOFT_RESET() \
    do { \
        mbedtls_psa_crypto_free(); \
        MP_STATE_VM(m_tracked_head) = NULL; \
    } while (0)

// Use the C stack of stack.c instead of the port's.
#define __StackTop iotsafe_stack_top
#define __StackBottom iotsafe_stack_bottom
