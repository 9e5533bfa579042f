#define MICROPY_HW_BOARD_NAME               "LILYGO T-SIM7000G"
#define MICROPY_HW_MCU_NAME                 "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "mpy-t-sim7000g"

// The signature is made in Python in the middle of mbedTLS' handshake: both need stack.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)
