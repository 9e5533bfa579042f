// A C stack that a TLS handshake fits into, with the application above it and the SIM's signature
// below it: some 11 KB. The port's lies in the two scratch banks, which have 8 KB together.
//
// mpconfigboard.h makes the port take these limits for its own; the linker's --wrap lets the
// program begin here.
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
