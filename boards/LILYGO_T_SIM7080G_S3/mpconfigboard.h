#define MICROPY_HW_BOARD_NAME               "LILYGO T-SIM7080G-S3"
#define MICROPY_HW_MCU_NAME                 "ESP32-S3"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "mpy-t-sim7080g"

// The signature is made in Python in the middle of mbedTLS' handshake: both need stack.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)

// The power chip's bus.
#define MICROPY_HW_I2C0_SCL                 (7)
#define MICROPY_HW_I2C0_SDA                 (15)
