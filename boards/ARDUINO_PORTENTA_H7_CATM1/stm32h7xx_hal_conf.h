#include "boards/ARDUINO_PORTENTA_H7/stm32h7xx_hal_conf.h"
