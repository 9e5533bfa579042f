"""Host side of IoT SAFE for MicroPython: simulators, command line, test bed, demo, set-up."""
