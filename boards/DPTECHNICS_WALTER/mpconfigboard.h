#define MICROPY_HW_BOARD_NAME               "DPTechnics Walter"
#define MICROPY_HW_MCU_NAME                 "ESP32-S3"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "mpy-walter"

// The signature is made in Python in the middle of mbedTLS' handshake: both need stack.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)
