// Compares each instruction of the fast interpreter with the package's, on random states.
//
//   node emulator_interpreter.mjs FOLDER_OF_NODE_MODULES FOLDER_OF_THE_EMULATOR
//
// Ends with status 0 and "N instructions, M of them fast", or names the first difference.

import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, emulator] = process.argv.slice(2).map((folder) => path.resolve(folder));
const { RP2040 } = createRequire(`${modules}/`)('rp2040js');
const file = pathToFileURL(path.join(emulator, 'board/interpreter.mjs'));
const { Interpreter, withFastRam } = await import(file);

const RAM = 0x20000000;
const CODE = RAM + 0x1000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
console.warn = () => {}; // the package complains there about addresses that do not exist
const FLAGS = ['N', 'Z', 'C', 'V'];

let seed = 12345;
function random(below) {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % below;
}

function state(mcu) {
  const { core } = mcu;
  return JSON.stringify([[...core.registers], FLAGS.map((flag) => core[flag])]);
}

const Chip = withFastRam(RP2040);
const chips = [new RP2040(), new Chip()];
for (const mcu of chips) {
  mcu.logger = SILENT;
  mcu.onBreak = () => {};
}
for (let at = 0; at < chips[0].sram.length; at++) chips[0].sram[at] = random(256);
for (let at = 0; at < 65536; at++) chips[0].flash[at] = random(256);
chips[1].sram.set(chips[0].sram);
chips[1].flash.set(chips[0].flash);
const [plain, quick] = chips;
const interpreter = new Interpreter(quick);

// Values of registers: numbers at the edges, any number, and addresses near the memories' ends.
const VALUES = [
  () => [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x20041ffc, 0x20041ffd, 0x1fffffff][random(8)],
  () => random(2 ** 32),
  () => random(300),
  () => RAM + 0x2000 + 4 * random(256),
  () => RAM + 0x2000 + random(1024),
  () => 0x10000000 + random(65536),
];
const COUNT = 400_000;
let passed = 0;
quick.core.executeInstruction = function count() {
  passed++;
  return plain.core.constructor.prototype.executeInstruction.call(this);
};
for (let n = 0; n < COUNT; n++) {
  const opcode = random(65536);
  if (opcode >> 8 === 0xdf || opcode >> 12 === 0xf || opcode >> 11 === 0x1d) continue; // SVC, wide
  if ((opcode & 0xffcf) === 0xbf00 || (opcode & 0xffef) === 0xb662) continue; // hints, CPS
  const values = Array.from({ length: 15 }, () => VALUES[random(VALUES.length)]());
  values[13] = RAM + 0x3000 + 4 * random(64);
  values[14] = CODE;
  const flags = FLAGS.map(() => random(2) === 1);
  for (const mcu of chips) {
    mcu.core.registers.set(values);
    mcu.core.PC = CODE;
    FLAGS.forEach((flag, i) => {
      mcu.core[flag] = flags[i];
    });
    mcu.core.interruptsUpdated = false;
    mcu.sramView.setUint16(CODE - RAM, opcode, true);
  }
  const cycles = [plain.core.executeInstruction(), interpreter.step()];
  if (cycles[0] !== cycles[1] || state(plain) !== state(quick)) {
    console.log(`opcode ${opcode.toString(16)}: ${cycles} ${state(plain)} ${state(quick)}`);
    process.exit(1);
  }
}
if (Buffer.compare(plain.sram, quick.sram) || Buffer.compare(plain.flash, quick.flash)) {
  console.log('memories differ');
  process.exit(1);
}
console.log(`${COUNT} instructions, ${COUNT - passed} of them fast`);
