#define MICROPY_HW_BOARD_NAME               "LILYGO T-SIM7000G"
#define MICROPY_HW_MCU_NAME                 "ESP32"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "mpy-t-sim7000g"

// mbedTLS calls Python for the signature during the handshake, so both are on the stack at once.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)
