// Small peripherals, as blocks of registers with the RP2040's aliases for atomic access.

import crypto from 'node:crypto';

const XOR = 1; // kinds of atomic access: address bits 13:12
const SET = 2;
const CLEAR = 3;

/** Registers that hold the last written value. Offsets are byte offsets below 0x1000. */
export class Registers {
  constructor(initial = {}) {
    const entries = Object.entries(initial);
    this.values = new Map(entries.map(([offset, value]) => [Number(offset), value]));
  }

  read(offset) {
    return this.values.get(offset) ?? 0;
  }

  write(offset, value) {
    this.values.set(offset, value >>> 0);
  }

  // Called by the emulator package.

  readUint32(offset) {
    return this.read(offset & 0xfff);
  }

  writeUint32(offset, value) {
    this.write(offset & 0xfff, value);
  }

  writeUint32Atomic(offset, value, kind) {
    const old = kind ? this.read(offset) : 0;
    const values = { [XOR]: old ^ value, [SET]: old | value, [CLEAR]: old & ~value };
    this.write(offset, (values[kind] ?? value) >>> 0);
  }
}

/**
 * Ring oscillator. RANDOMBIT gives a random bit of the host at each read; `stuck` (0 or 1) makes
 * it constant, like a broken source.
 */
export class RingOscillator extends Registers {
  static STATUS = 0x18;
  static RANDOMBIT = 0x1c;

  constructor(stuck) {
    super({ [RingOscillator.STATUS]: 0x80001000 }); // stable, enabled
    this.stuck = stuck;
    this.pool = Buffer.alloc(0);
    this.used = 0; // bits of the pool already used
  }

  read(offset) {
    if (offset !== RingOscillator.RANDOMBIT) return super.read(offset);
    if (this.stuck !== null) return this.stuck;
    if (this.used === 8 * this.pool.length) {
      this.pool = crypto.randomBytes(256);
      this.used = 0;
    }
    const bit = (this.pool[this.used >> 3] >> (this.used & 7)) & 1;
    this.used++;
    return bit;
  }
}

/** The flash chip's serial interface: answers "read unique id" (4Bh) and is never busy. */
export class FlashInterface extends Registers {
  static ENABLE = 0x08;
  static STATUS = 0x28;
  static DATA = 0x60;
  static READ_UNIQUE_ID = 0x4b;
  static ID_AT = 5; // command and four dummy bytes come first

  constructor(uid) {
    super({ 0x58: 0x51535049 }); // version id
    this.uid = uid;
    this.begin();
  }

  begin() {
    this.command = null;
    this.sent = 0;
    this.answers = [];
  }

  read(offset) {
    if (offset === FlashInterface.STATUS) return 0x0e; // not busy, transmit and receive possible
    if (offset === FlashInterface.DATA) return this.answers.shift() ?? 0;
    return super.read(offset);
  }

  write(offset, value) {
    if (offset === FlashInterface.ENABLE) this.begin();
    if (offset !== FlashInterface.DATA) return super.write(offset, value);
    this.command ??= value & 0xff;
    const known = this.command === FlashInterface.READ_UNIQUE_ID;
    const index = this.sent - FlashInterface.ID_AT;
    this.answers.push(known ? (this.uid[index] ?? 0) : 0);
    this.sent++;
    if (!known) this.command = null;
  }
}

/** Watchdog (RP2040 datasheet, 4.7): counts down by two each microsecond (erratum E1). */
export class Watchdog extends Registers {
  static CTRL = 0x00;
  static LOAD = 0x04;
  static REASON = 0x08;
  static TICK = 0x2c;
  static TRIGGER = 0x80000000;
  static ENABLE = 0x40000000;
  static TIME = 0x00ffffff;
  static NANOS_PER_COUNT = 500;
  static TIMER = 1; // reasons
  static FORCE = 2;

  /** before: the watchdog whose reset created this one, or null. onFire: resets the chip. */
  constructor(clock, before, onFire) {
    const values = before ? [...before.values] : [];
    super(Object.fromEntries(values.filter(([offset]) => Watchdog.kept(offset))));
    this.clock = clock;
    this.onFire = onFire;
    this.end = 0; // board time in nanoseconds at which it fires
    this.alarm = clock.createAlarm(() => this.fire(Watchdog.TIMER));
  }

  static kept(offset) {
    return offset >= Watchdog.REASON && offset < Watchdog.TICK; // reason and scratch registers
  }

  get enabled() {
    return Boolean(super.read(Watchdog.CTRL) & Watchdog.ENABLE);
  }

  read(offset) {
    if (offset === Watchdog.TICK) return super.read(offset) | 0x400; // running
    if (offset !== Watchdog.CTRL) return super.read(offset);
    const left = Math.max(0, this.end - this.clock.nanos) / Watchdog.NANOS_PER_COUNT;
    return (super.read(offset) | (this.enabled ? left & Watchdog.TIME : 0)) >>> 0;
  }

  write(offset, value) {
    if (offset === Watchdog.REASON) return;
    if (offset === Watchdog.CTRL) {
      if (value & Watchdog.TRIGGER) return this.fire(Watchdog.FORCE);
      super.write(offset, value & ~Watchdog.TIME & ~Watchdog.TRIGGER);
    } else {
      super.write(offset, value);
    }
    if (offset === Watchdog.LOAD) {
      this.end = this.clock.nanos + (value & Watchdog.TIME) * Watchdog.NANOS_PER_COUNT;
    }
    if (offset === Watchdog.LOAD || offset === Watchdog.CTRL) {
      this.alarm.cancel();
      if (this.enabled) this.alarm.schedule(Math.max(0, this.end - this.clock.nanos));
    }
  }

  fire(reason) {
    super.write(Watchdog.REASON, reason);
    this.onFire(reason);
  }
}
