// A replacement for the RP2040's boot ROM, which no package contains.
//
// It has everything that the SDK looks for (RP2040 datasheet, 2.8.3): the vector table, magic
// number and version at 0x10, a function table and a data table with two-letter codes, and a
// look-up routine. Each routine is two instructions, "BKPT n; BX LR". The emulator reports the
// BKPT, and `traps[n](registers, core)` does the work in JavaScript.

import { DOUBLE_ROUTINES, SINGLE_ROUTINES } from './softfloat.mjs';

export const ROM_SIZE = 16 * 1024;
const FIRST_ROUTINE = 0x100;
const STACK_TOP = 0x20042000;
const MAGIC_AND_VERSION = 0x0301754d; // "Mu", 1; version 3 (silicon B2)
const FUNCTION_TABLE = 0x14; // addresses of 16-bit pointers, fixed by the datasheet
const DATA_TABLE = 0x16;
const LOOK_UP = 0x18;

function popCount(x) {
  let count = 0;
  for (; x; x &= x - 1) count++;
  return count;
}

function reverseBits(x) {
  let reversed = 0;
  for (let i = 0; i < 32; i++, x >>>= 1) reversed = (reversed << 1) | (x & 1);
  return reversed >>> 0;
}

const trailingZeros = (x) => (x ? 31 - Math.clz32(x & -x) : 32);

class RomWriter {
  constructor() {
    this.image = new Uint8Array(ROM_SIZE);
    this.view = new DataView(this.image.buffer);
    this.traps = [];
    this.at = FIRST_ROUTINE;
  }

  /** Place a routine; return its address with the Thumb bit. */
  routine(work) {
    const number = this.traps.push(work) - 1;
    if (number > 0xff) throw new RangeError('BKPT has only 256 numbers');
    const address = this.at;
    this.view.setUint16(address, 0xbe00 | number, true); // BKPT number
    this.view.setUint16(address + 2, 0x4770, true); // BX LR
    this.at += 4;
    return address | 1;
  }

  /** Place a table of routines after its length, as the SDK expects; return its address. */
  routines(list) {
    const addresses = list.map((work) => this.routine(work));
    this.at += 4;
    const start = this.at;
    this.view.setUint16(start - 2, addresses.length, true);
    for (const address of addresses) this.word(address);
    return start;
  }

  /** Place a table of [two-letter code, address] that ends with a zero; return its address. */
  codes(pairs) {
    const start = this.at;
    for (const [code, address] of pairs) {
      this.word(code.charCodeAt(0) | (code.charCodeAt(1) << 8) | (address << 16));
    }
    this.word(0);
    return start;
  }

  word(value) {
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }
}

/**
 * Build the ROM for a board: { words, traps }.
 * `board` offers mcu, startFlash(), halt(why), flashErase(offset, length),
 * flashProgram(offset, source, length).
 */
export function buildRom(board) {
  const rom = new RomWriter();
  const copy = (r) => {
    const { mcu } = board;
    for (let i = 0; i < r[2]; i++) {
      mcu.writeUint8((r[0] + i) >>> 0, mcu.readUint8((r[1] + i) >>> 0));
    }
  };
  const fill = (r) => {
    const { mcu } = board;
    for (let i = 0; i < r[2]; i++) mcu.writeUint8((r[0] + i) >>> 0, r[1] & 0xff);
  };
  const nothing = () => {};
  const result = (fn) => (r) => {
    r[0] = fn(r[0]);
  };

  const reset = rom.routine(() => board.startFlash());
  const fault = rom.routine(() => board.halt('hard fault before the firmware had started'));
  const lookUp = rom.routine((r) => {
    for (let at = r[0]; ; at += 4) {
      const code = rom.view.getUint16(at, true);
      if (code === 0 || code === (r[1] & 0xffff)) {
        r[0] = code === 0 ? 0 : rom.view.getUint16(at + 2, true);
        return;
      }
    }
  });

  const functions = {
    P3: result(popCount),
    R3: result(reverseBits),
    L3: result(Math.clz32),
    T3: result(trailingZeros),
    MS: fill,
    S4: fill,
    MC: copy,
    C4: copy,
    UB: () => board.halt('the firmware asked for the USB boot loader'),
    IF: nothing, // connect_internal_flash
    EX: nothing, // flash_exit_xip
    RE: (r) => board.flashErase(r[0], r[1]),
    RP: (r) => board.flashProgram(r[0], r[1], r[2]),
    FC: nothing, // flash_flush_cache
    CX: nothing, // flash_enter_cmd_xip
  };
  const functionTable = rom.codes(
    Object.entries(functions).map(([code, work]) => [code, rom.routine(work)]),
  );
  const single = rom.routines(SINGLE_ROUTINES);
  const double = rom.routines(DOUBLE_ROUTINES);
  const dataTable = rom.codes([
    ['SF', single],
    ['SD', double],
  ]);

  [STACK_TOP, reset, fault, fault, MAGIC_AND_VERSION].forEach((word, i) => {
    rom.view.setUint32(4 * i, word, true);
  });
  rom.view.setUint16(FUNCTION_TABLE, functionTable, true);
  rom.view.setUint16(DATA_TABLE, dataTable, true);
  rom.view.setUint16(LOOK_UP, lookUp, true);
  return { words: new Uint32Array(rom.image.buffer), traps: rom.traps };
}
