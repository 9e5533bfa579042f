#ifndef MICROPY_HW_BOARD_NAME
// A variant can set it.
#define MICROPY_HW_BOARD_NAME               "Generic ESP32S3 module with modem"
#endif
#define MICROPY_HW_MCU_NAME                 "ESP32S3"

// mbedTLS calls Python for the signature during the handshake, so both are on the stack at once.
#define MICROPY_TASK_STACK_SIZE             (24 * 1024)

// Enable the UART REPL for modules that have an external USB-UART and do not use native USB.
#define MICROPY_HW_ENABLE_UART_REPL         (1)
