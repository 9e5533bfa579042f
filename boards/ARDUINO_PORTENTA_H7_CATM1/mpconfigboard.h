// The port's Portenta H7 configuration, plus the UART of the Cat. M1/NB-IoT GNSS Shield.
#include "boards/ARDUINO_PORTENTA_H7/mpconfigboard.h"

#undef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME       "Arduino Portenta H7 with Cat. M1/NB-IoT shield"

// Connector J1, pins 34 and 36. The shield's RTS and CTS are on pins that no UART can drive.
#define MICROPY_HW_UART4_TX         (pin_A0)
#define MICROPY_HW_UART4_RX         (pin_I9)
