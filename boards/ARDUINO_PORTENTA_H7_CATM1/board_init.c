// The port compiles every C file in the board's folder. This one includes the Portenta H7's own file.
#include "boards/ARDUINO_PORTENTA_H7/board_init.c"
