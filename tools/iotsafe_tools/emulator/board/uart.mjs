// PL011 UART (Arm DDI 0183, RP2040 datasheet 4.2): both FIFOs, trigger levels, receive time-out,
// and byte times in board time.
//
// Interrupts: a byte that fills the receive FIFO to the trigger level sets RX; a byte that empties
// the transmit FIFO to its level sets TX. Each ends when the FIFO crosses the level the other way,
// or when software clears it. The receive time-out is set 32 bit times after the last byte arrived
// or was read, if bytes are left.

import { Registers } from './registers.mjs';

const DR = 0x00;
const RSR = 0x04; // a read returns the errors, a write clears them
const FR = 0x18;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const CR = 0x30;
const IFLS = 0x34;
const IMSC = 0x38;
const RIS = 0x3c;
const MIS = 0x40;
const ICR = 0x44;
const RESET_VALUES = {
  [CR]: 0x300,
  [IFLS]: 0x12,
  0xfe0: 0x11, // identification
  0xfe4: 0x10,
  0xfe8: 0x34,
  0xff0: 0x0d,
  0xff4: 0xf0,
  0xff8: 0x05,
  0xffc: 0xb1,
};

const RX_FULL_ENOUGH = 1 << 4; // interrupts
const TX_EMPTY_ENOUGH = 1 << 5;
const RX_TIMEOUT = 1 << 6;
const OVERRUN = 1 << 10;
const DR_OVERRUN = 1 << 11;

const FLAG_BUSY = 1 << 3;
const FLAG_RX_EMPTY = 1 << 4;
const FLAG_TX_FULL = 1 << 5;
const FLAG_RX_FULL = 1 << 6;
const FLAG_TX_EMPTY = 1 << 7;

const RX_ON = 0x201; // CR: enabled, and the direction
const TX_ON = 0x101;
const LOOPBACK = 0x80;
const FIFO_DEPTH = 32;
const TRIGGER_LEVELS = [4, 8, 16, 24, 28]; // bytes in the FIFO, by the field of IFLS
const TIMEOUT_BITS = 32;
const NO_DIVISOR_BIT_NANOS = 8680; // while no baud rate is set: 115200

export class Pl011 extends Registers {
  /**
   * mcu: the chip. irq: its interrupt. line: an Endpoint. counters: an object whose rx, tx, lost
   * and baud this class updates. hold: keep bytes on the line while the FIFO is full, instead of
   * losing them as the chip does.
   */
  constructor(mcu, irq, line, counters, hold) {
    super(RESET_VALUES);
    Object.assign(this, { mcu, irq, line, counters, hold });
    this.rx = []; // received bytes, with DR_OVERRUN where bytes were lost before
    this.tx = []; // bytes to send; the first is on the line while `sending`
    this.raised = 0; // RIS
    this.lost = 0; // DR_OVERRUN if the next byte must report a loss
    this.sending = false;
    this.receiving = false; // whether a byte is on the line
    const { clock } = mcu;
    this.txAlarm = clock.createAlarm(() => this.sent());
    this.rxAlarm = clock.createAlarm(() => this.arrived());
    this.quietAlarm = clock.createAlarm(() => this.quiet());
    line.onData = () => this.expect();
    this.expect();
  }

  clkPeriChanged() {} // called by the chip; byte times are computed when they are needed

  get depth() {
    return super.read(LCR_H) & 0x10 ? FIFO_DEPTH : 1;
  }

  get rxLevel() {
    return this.depth === 1 ? 1 : (TRIGGER_LEVELS[(super.read(IFLS) >> 3) & 7] ?? FIFO_DEPTH);
  }

  get txLevel() {
    return this.depth === 1 ? 0 : (TRIGGER_LEVELS[super.read(IFLS) & 7] ?? FIFO_DEPTH);
  }

  get bitNanos() {
    const divisor = super.read(IBRD) * 64 + super.read(FBRD); // of clk_peri / 16, in 64ths
    return divisor ? ((divisor / 4) * 1e9) / this.mcu.clkPeri : NO_DIVISOR_BIT_NANOS;
  }

  get byteNanos() {
    const control = super.read(LCR_H);
    const dataBits = 5 + ((control >> 5) & 3);
    const parity = (control >> 1) & 1;
    const secondStop = (control >> 3) & 1;
    return this.bitNanos * (1 + dataBits + parity + 1 + secondStop);
  }

  update() {
    this.mcu.setInterrupt(this.irq, Boolean(this.raised & super.read(IMSC)));
  }

  // -- from the line ---------------------------------------------------------------------------

  expect() {
    if (this.receiving || !this.line.size) return;
    this.receiving = true;
    this.rxAlarm.schedule(this.byteNanos);
  }

  arrived() {
    this.receiving = false;
    const open = (super.read(CR) & RX_ON) === RX_ON;
    const room = open && this.rx.length < this.depth;
    if (this.line.size && (room || !this.hold)) {
      const byte = this.line.shift();
      if (open) this.receive(byte);
      else this.counters.lost++;
    }
    if (this.line.size && this.hold && !room) return; // a read, or switching the UART on, continues
    this.expect();
  }

  receive(byte) {
    if (this.rx.length >= this.depth) {
      this.lost = DR_OVERRUN;
      this.raised |= OVERRUN;
      this.counters.lost++;
    } else {
      this.rx.push(byte | this.lost);
      this.lost = 0;
      this.counters.rx++;
      if (this.rx.length >= this.rxLevel) this.raised |= RX_FULL_ENOUGH;
      this.quietAlarm.schedule(TIMEOUT_BITS * this.bitNanos);
    }
    this.update();
  }

  quiet() {
    if (!this.rx.length) return;
    this.raised |= RX_TIMEOUT;
    this.update();
  }

  take() {
    const value = this.rx.length ? this.rx.shift() : 0;
    if (this.rx.length < this.rxLevel) this.raised &= ~RX_FULL_ENOUGH;
    if (this.rx.length) this.quietAlarm.schedule(TIMEOUT_BITS * this.bitNanos);
    else this.raised &= ~RX_TIMEOUT;
    this.update();
    if (this.hold) this.expect();
    return value;
  }

  // -- to the line -----------------------------------------------------------------------------

  send(byte) {
    if ((super.read(CR) & TX_ON) !== TX_ON || this.tx.length >= this.depth) return;
    this.tx.push(byte);
    if (this.tx.length > this.txLevel) {
      this.raised &= ~TX_EMPTY_ENOUGH;
      this.update();
    }
    if (this.sending) return;
    this.sending = true;
    this.txAlarm.schedule(this.byteNanos);
  }

  sent() {
    const byte = this.tx.shift();
    this.counters.tx++;
    if (super.read(CR) & LOOPBACK) this.receive(byte);
    else this.line.put(byte);
    if (this.tx.length === this.txLevel) {
      this.raised |= TX_EMPTY_ENOUGH;
      this.update();
    }
    this.sending = this.tx.length > 0;
    if (this.sending) this.txAlarm.schedule(this.byteNanos);
  }

  // -- registers -------------------------------------------------------------------------------

  get flags() {
    return (
      (this.sending ? FLAG_BUSY : 0) |
      (this.rx.length ? 0 : FLAG_RX_EMPTY) |
      (this.tx.length >= this.depth ? FLAG_TX_FULL : 0) |
      (this.rx.length >= this.depth ? FLAG_RX_FULL : 0) |
      (this.tx.length ? 0 : FLAG_TX_EMPTY)
    );
  }

  read(offset) {
    switch (offset) {
      case DR:
        return this.take();
      case RSR:
        return 0;
      case FR:
        return this.flags;
      case RIS:
        return this.raised;
      case MIS:
        return this.raised & super.read(IMSC);
      case ICR:
        return 0;
      default:
        return super.read(offset);
    }
  }

  write(offset, value) {
    switch (offset) {
      case DR:
        return this.send(value & 0xff);
      case RSR:
        this.lost = 0;
        return;
      case ICR:
        this.raised &= ~value;
        if (value & RX_TIMEOUT && this.rx.length) {
          this.quietAlarm.schedule(TIMEOUT_BITS * this.bitNanos);
        }
        return this.update();
    }
    super.write(offset, value);
    if (offset === LCR_H) this.counters.baud = Math.round(1e9 / this.bitNanos);
    if (offset === IMSC) this.update();
    if (offset === CR) this.expect();
  }
}
