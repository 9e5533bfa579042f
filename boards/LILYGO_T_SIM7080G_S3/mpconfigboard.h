#define MICROPY_HW_BOARD_NAME               "LILYGO T-SIM7080G-S3"
#define MICROPY_HW_MCU_NAME                 "ESP32-S3"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "mpy-t-sim7080g"

// mbedTLS calls Python for the signature during the handshake, so both are on the stack at once.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)

// The I2C bus of the power chip.
#define MICROPY_HW_I2C0_SCL                 (7)
#define MICROPY_HW_I2C0_SDA                 (15)
