// The port compiles each C file of the board's folder; this one is the Portenta's own.
#include "boards/ARDUINO_PORTENTA_H7/board_init.c"
