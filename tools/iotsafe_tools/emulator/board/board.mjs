// A Raspberry Pi Pico: the emulated RP2040 plus what the emulator package lacks: the flash chip,
// the lines to the outside, and all causes of a restart.

import crypto from 'node:crypto';
import { buildRom, ROM_SIZE } from './bootrom.mjs';
import { Interpreter } from './interpreter.mjs';
import { FlashInterface, Registers, RingOscillator, Watchdog } from './registers.mjs';
import { Pl011 } from './uart.mjs';
import { XIP_BASE } from './uf2.mjs';
import { UsbConsole } from './usb_console.mjs';

const VECTORS = XIP_BASE + 0x100; // the firmware's vectors follow the second-stage loader
const UART_IRQ = 20; // UART0's; UART1 has the next number
const TEMPERATURE = 4; // the ADC's channel with the chip's own sensor
const AT_21_DEGREES = 888; // of 4096 parts of 3.3 V: RP2040 data sheet, 4.9.5
const CHIP_RESET = 0x08; // register of VREG_AND_CHIP_RESET
const RESET_BITS = { power: 1 << 8, run: 1 << 16 }; // HAD_POR, HAD_RUN

// Addresses of peripherals in the package's table: bits 31:12.
const SSI = 0x18000;
const IO_QSPI = 0x40018;
const UARTS = [0x40034, 0x40038];
const WATCHDOG = 0x40058;
const ROSC = 0x40060;
const VREG_AND_CHIP_RESET = 0x40064;

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export class Board {
  /**
   * chip: () => a new RP2040 of the package. flash: a Flash. lines: { console, uarts: [2] } of
   * Endpoints. pins: a Pins. uid: 8 bytes. hold: see Pl011. logger: the package's, or null.
   * emit(event): tells the outside. Each event has `us`, board time since the process began.
   */
  constructor({ chip, flash, lines, pins, uid, hold, logger, emit }) {
    Object.assign(this, { chip, flash, lines, pins, uid, hold, emit });
    this.logger = logger ?? SILENT;
    this.rom = buildRom(this);
    this.mcu = null; // null while the power is off
    this.interpreter = null; // the chip's interpreter
    this.before = 0; // nanoseconds of board time before this chip was made
    this.halted = null; // why the core is halted until a reset
    this.pending = null; // cause of a reset that will happen before the next instruction
    this.consoleReady = false;
    this.stuckEntropy = null; // 0 or 1: the constant bit of a broken ring oscillator
    this.resets = { power: 0, run: 0, watchdog: 0 };
    this.uartCounters = [0, 1].map(() => ({ rx: 0, tx: 0, lost: 0, baud: 0 }));
  }

  get nanos() {
    return this.before + (this.mcu ? this.mcu.clock.nanos : 0);
  }

  get us() {
    return Math.round(this.nanos / 1000);
  }

  /** Switch the supply. Does nothing if it is already on. */
  power(on) {
    if (on === (this.mcu !== null)) return;
    if (on) this.start('power');
    else this.switchOff();
  }

  /** Request a reset: "run" like the RUN pin, or "watchdog". It happens at the next `settle`. */
  reset(cause) {
    if (this.mcu) this.pending = cause;
  }

  /** Carry out a requested reset. */
  settle() {
    const cause = this.pending;
    if (cause === null) return;
    this.pending = null;
    this.start(cause, this.mcu);
  }

  switchOff() {
    this.leaveBus();
    this.mcu = this.pending = null;
    this.pins.attach(null);
    for (const line of [this.lines.console, ...this.lines.uarts]) line.onData = () => line.clear();
    this.emit({ event: 'power', on: false, us: this.us });
  }

  start(cause, old = null) {
    if (old) this.leaveBus();
    const mcu = this.chip();
    mcu.logger = this.logger;
    mcu.onBreak = (number) => this.trap(number);
    mcu.loadBootrom(this.rom.words);
    mcu.flash.set(this.flash.bytes);
    this.mcu = mcu;
    this.interpreter = new Interpreter(mcu);
    this.resets[cause]++;
    if (old) mcu.sram.set(old.sram);
    else crypto.randomFillSync(mcu.sram);
    this.replacePeripherals(cause, old);
    this.pins.attach(mcu);
    this.emit({ event: 'reset', cause, us: this.us });
  }

  leaveBus() {
    this.before = this.nanos;
    this.halted = null;
    this.consoleReady = false;
    this.lines.console.hangUp();
    this.lines.console.clear();
  }

  replacePeripherals(cause, old) {
    const { mcu } = this;
    const page = mcu.peripherals;
    const keep = old && old.peripherals[VREG_AND_CHIP_RESET].read(CHIP_RESET);
    const watchdogBefore = cause === 'watchdog' ? old.peripherals[WATCHDOG] : null;
    page[SSI] = new FlashInterface(this.uid);
    page[IO_QSPI] = new Registers();
    mcu.adc.channelValues[TEMPERATURE] = AT_21_DEGREES;
    page[ROSC] = new RingOscillator(this.stuckEntropy);
    page[VREG_AND_CHIP_RESET] = new Registers({ [CHIP_RESET]: RESET_BITS[cause] ?? keep });
    page[WATCHDOG] = new Watchdog(mcu.clock, watchdogBefore, () => this.reset('watchdog'));
    UARTS.forEach((at, i) => {
      page[at] = mcu.uart[i] = new Pl011(
        mcu, UART_IRQ + i, this.lines.uarts[i], this.uartCounters[i], this.hold,
      );
    });
    this.console = new UsbConsole(mcu.usbCtrl, this.lines.console, () => {
      this.consoleReady = true;
      this.emit({ event: 'console', us: this.us });
    });
  }

  /** Make the ring oscillator constant (0 or 1), or random again (null). */
  stickEntropy(value) {
    this.stuckEntropy = value;
    if (this.mcu) this.mcu.peripherals[ROSC].stuck = value;
  }

  // -- called by the boot ROM ------------------------------------------------------------------

  trap(number) {
    const { core } = this.mcu;
    if (core.PC < ROM_SIZE) this.rom.traps[number](core.registers, core);
    else this.halt(`breakpoint ${number} at 0x${(core.PC - 2).toString(16)}, as by a hard fault`);
  }

  /** Enter the firmware as the second-stage loader does. */
  startFlash() {
    const { core } = this.mcu;
    core.VTOR = VECTORS;
    core.SP = this.mcu.readUint32(VECTORS);
    core.PC = this.mcu.readUint32(VECTORS + 4) & ~1;
  }

  /** Halt the core at the instruction that caused it; time goes on. */
  halt(why) {
    this.mcu.core.PC -= 2;
    if (this.halted !== null) return;
    this.halted = why;
    this.emit({ event: 'halt', why, us: this.us });
  }

  flashErase(offset, length) {
    this.changeFlash(offset, length, () => this.flash.erase(offset, length));
  }

  flashProgram(offset, source, length) {
    const { mcu } = this;
    const bytes = () => Uint8Array.from({ length }, (_, i) => mcu.readUint8((source + i) >>> 0));
    this.changeFlash(offset, length, () => this.flash.program(offset, bytes()));
  }

  changeFlash(offset, length, change) {
    let nanos;
    try {
      nanos = change();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.halt(error.message);
    }
    const { bytes } = this.flash;
    this.mcu.flash.set(bytes.subarray(offset, offset + length), offset);
    this.mcu.clock.tick(nanos);
  }

  // -- counters --------------------------------------------------------------------------------

  /** Counters of this process, by dotted name. */
  counters() {
    const { sectors_erased, pages_programmed } = this.flash.counters;
    const numbers = {
      'board_us': this.us,
      'flash.sectors_erased': sectors_erased,
      'flash.pages_programmed': pages_programmed,
      'flash.wear': this.flash.wear,
    };
    for (const [cause, count] of Object.entries(this.resets)) numbers[`resets.${cause}`] = count;
    this.uartCounters.forEach((counters, i) => {
      for (const [name, count] of Object.entries(counters)) numbers[`uart${i}.${name}`] = count;
      numbers[`uart${i}.unheard`] = this.lines.uarts[i].unheard;
    });
    return numbers;
  }
}
