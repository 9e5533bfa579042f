#define MICROPY_HW_BOARD_NAME               "DPTechnics Walter"
#define MICROPY_HW_MCU_NAME                 "ESP32-S3"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "mpy-walter"

// mbedTLS calls Python for the signature during the handshake, so both are on the stack at once.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)
