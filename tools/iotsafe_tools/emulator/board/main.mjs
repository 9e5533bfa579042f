// Runs RP2040 firmware. `node main.mjs --help` lists the options.
//
// When it is ready, it prints one line of JSON to standard output with the addresses:
// {"event": "ready", "console": "127.0.0.1:PORT", "uart0": …, "uart1": …, "control": …}.
// On an error that the user can fix, it exits with status 2 and one line on standard error.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Board } from './board.mjs';
import { Control } from './control.mjs';
import { Endpoint } from './endpoint.mjs';
import { UserError } from './errors.mjs';
import { Flash, FLASH_SIZE } from './flash.mjs';
import { withFastRam } from './interpreter.mjs';
import { Pace } from './pace.mjs';
import { Pins } from './pins.mjs';
import { readUf2 } from './uf2.mjs';

const HELP = `node main.mjs --uf2 FILE [options]
  --uf2 FILE        the firmware
  --flash FILE      flash image, kept from run to run, created if missing (default: not kept)
  --modules FOLDER  folder with node_modules/rp2040js (default: the current one)
  --console PORT    USB serial console (default: 0, any free port)
  --uart0 WHERE     GP0/GP1: PORT listens, HOST:PORT dials (default: 0)
  --uart1 WHERE     GP4/GP5
  --control PORT    control connection (default: 0)
  --off             start with the power off
  --time MODE       cpu (default): board time counts cycles; wall: it follows the wall clock
  --flash-time KIND typical (default): the flash chip is busy as long as a real one; none
  --hold            keep bytes for a UART whose FIFO is full, instead of losing them
  --uid HEX         unique id of the flash chip, 16 digits
  --verbose         print the emulated chip's warnings
`;
const PACKAGE_VERSION = '1.4.1'; // exactly this version: we replace parts of it
const OLDEST_NODE = 18;

const OPTIONS = {
  uf2: { type: 'string' },
  flash: { type: 'string' },
  modules: { type: 'string', default: '.' },
  console: { type: 'string', default: '0' },
  uart0: { type: 'string', default: '0' },
  uart1: { type: 'string', default: '0' },
  control: { type: 'string', default: '0' },
  off: { type: 'boolean', default: false },
  time: { type: 'string', default: 'cpu' },
  'flash-time': { type: 'string', default: 'typical' },
  hold: { type: 'boolean', default: false },
  uid: { type: 'string', default: 'e660000000000001' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};
const CHOICES = {
  time: /^(cpu|wall)$/,
  'flash-time': /^(typical|none)$/,
  uid: /^[0-9a-f]{16}$/i,
  console: /^\d{1,5}$/,
  control: /^\d{1,5}$/,
};

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({ options: OPTIONS }));
  } catch (error) {
    throw new UserError(`${error.message.split('\n')[0]}; --help lists the options`);
  }
  for (const [name, allowed] of Object.entries(CHOICES)) {
    if (!allowed.test(values[name])) throw new UserError(`--${name} cannot be ${values[name]}`);
  }
  if (!values.uf2 && !values.help) throw new UserError('--uf2 is missing: name the firmware');
  return values;
}

function loadPackage(folder) {
  const where = path.resolve(folder);
  const advice = `run "npm ci --ignore-scripts" in ${where}`;
  let version;
  try {
    const file = path.join(where, 'node_modules/rp2040js/package.json');
    ({ version } = JSON.parse(fs.readFileSync(file, 'utf8')));
  } catch {
    throw new UserError(`rp2040js is not installed in ${where}; ${advice}`);
  }
  if (version !== PACKAGE_VERSION) {
    const needed = `${PACKAGE_VERSION} is needed`;
    throw new UserError(`rp2040js ${version} is installed, ${needed}; ${advice}`);
  }
  return createRequire(`${where}/`)('rp2040js');
}

async function main() {
  const node = Number(process.versions.node.split('.')[0]);
  if (node < OLDEST_NODE) throw new UserError(`node ${node} is too old; install ${OLDEST_NODE} or newer`);
  const options = readOptions();
  if (options.help) return void process.stdout.write(HELP);
  const { ConsoleLogger, LogLevel, RP2040 } = loadPackage(options.modules);
  if (!options.verbose) console.warn = () => {}; // the package writes some warnings there

  const pages = readUf2(options.uf2, FLASH_SIZE);
  const flash = new Flash(options.flash, options['flash-time'], () => {
    process.kill(process.pid, 'SIGKILL');
  });
  flash.install(pages);

  const Chip = withFastRam(RP2040);
  const kick = () => pace.kick();
  const names = ['console', 'uart0', 'uart1'];
  const [usb, uart0, uart1] = names.map((name) => new Endpoint(name, kick));
  const emit = (event) => control.emit(event);
  const pins = new Pins((pin, value, lost) => {
    emit({ event: 'gpio', pin, value, us: board.us, ...(lost && { lost }) });
  });
  const board = new Board({
    chip: () => new Chip(),
    flash,
    lines: { console: usb, uarts: [uart0, uart1] },
    pins,
    uid: Buffer.from(options.uid, 'hex'),
    hold: options.hold,
    logger: options.verbose ? new ConsoleLogger(LogLevel.Warn, false) : null,
    emit,
  });
  const pace = new Pace(board, options.time, () => {
    for (const line of [usb, uart0, uart1]) line.flush();
    pins.flush();
  });
  const counters = () => ({
    ...board.counters(),
    instructions: pace.instructions,
    busy_ms: Math.round(pace.busy / 1e6),
  });
  const control = new Control({ board, counters, skip: (ms) => pace.skip(ms * 1e6) }, kick);

  await usb.open(options.console);
  await uart0.open(options.uart0);
  await uart1.open(options.uart1);
  await control.open(Number(options.control));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
  if (!options.off) board.power(true);
  const { address } = control;
  const places = { console: usb.address, uart0: uart0.address, uart1: uart1.address };
  console.log(JSON.stringify({ event: 'ready', ...places, control: address }));
  kick();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`emulator: ${error.message}`);
  process.exit(2);
}
