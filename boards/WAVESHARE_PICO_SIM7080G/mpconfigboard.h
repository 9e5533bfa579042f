// Raspberry Pi Pico with the Waveshare Pico-SIM7080G hat.
#define MICROPY_HW_BOARD_NAME "Waveshare Pico-SIM7080G"
#define MICROPY_HW_FLASH_STORAGE_BYTES (1408 * 1024)

// A Pico without radio has no network in MicroPython's sense; TLS runs over the modem's sockets.
#define MICROPY_PY_SSL (1)

// An old TLS socket that is collected in the middle of a handshake would switch the signing hook
// off; ours are always closed.
#define MICROPY_PY_SSL_FINALISER (0)
