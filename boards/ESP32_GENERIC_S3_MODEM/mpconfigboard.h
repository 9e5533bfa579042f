#ifndef MICROPY_HW_BOARD_NAME
// Can be set by a variant.
#define MICROPY_HW_BOARD_NAME               "Generic ESP32S3 module with modem"
#endif
#define MICROPY_HW_MCU_NAME                 "ESP32S3"

// The signature is made in Python in the middle of mbedTLS' handshake: both need stack.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)

// Enable UART REPL for modules that have an external USB-UART and don't use native USB.
#define MICROPY_HW_ENABLE_UART_REPL         (1)
