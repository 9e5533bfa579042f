// A C stack large enough for the application, a TLS handshake and the SIM's signature, one on top of the
// other: about 11 KB. The port's stack is in the two scratch banks, which together have 8 KB.
//
// mpconfigboard.h gives the port these limits; the linker's --wrap makes the program start here.
#include <stdint.h>

#define STACK_BYTES 16384

uint8_t iotsafe_stack_bottom[STACK_BYTES] __attribute__((aligned(8)));
extern uint8_t iotsafe_stack_top;

__asm(
    ".global iotsafe_stack_top\n"
    ".set iotsafe_stack_top, iotsafe_stack_bottom + 16384\n"
    );

__attribute__((naked, noreturn)) int __wrap_main(void) {
    __asm volatile (
        "ldr r0, =iotsafe_stack_top\n"
        "mov sp, r0\n"
        "ldr r0, =__real_main\n"
        "bx r0\n"
        ".ltorg\n"
        );
}
