// The control connection: JSON objects, one per line, over a loopback TCP port.
//
// Out: events {"event": …}. A new connection first gets the state as {"event": "hello", …}.
// In: {"id": any, "do": name, …}. The answer is {"id": …, "ok": true, …} or {"id": …, "error": …}.

import { listen } from './endpoint.mjs';
import { PIN_COUNT } from './pins.mjs';

const LINE_LIMIT = 4096; // bytes
const CLIENT_LIMIT = 8;
const UNREAD_LIMIT = 1024 * 1024; // bytes; hang up on a client that leaves more unread

const isWhole = (most) => (x) => Number.isInteger(x) && x >= 0 && x <= most;
const isLevel = (x) => x === 0 || x === 1 || x === null;
const isBoolean = (x) => typeof x === 'boolean';

// name: [required fields { field: check }, action]
const COMMANDS = {
  pin: [
    { pin: isWhole(PIN_COUNT - 1), value: isLevel },
    ({ board }, { pin, value }) => board.pins.drive(pin, value),
  ],
  power: [{ on: isBoolean }, ({ board }, { on }) => board.power(on)],
  reset: [{}, ({ board }) => board.reset('run')],
  counters: [{}, (machine) => ({ counters: machine.counters() })],
  tear: [
    { after: isWhole(1e6), seed: isWhole(0xffffffff) },
    ({ board }, { after, seed }) => board.flash.tear(after, seed),
  ],
  flash: [
    { failing: isBoolean },
    ({ board }, { failing }) => void Object.assign(board.flash, { failing }),
  ],
  skip: [{ ms: isWhole(1e8) }, (machine, { ms }) => machine.skip(ms)],
  entropy: [{ stuck: isLevel }, ({ board }, { stuck }) => board.stickEntropy(stuck)],
};

export class Control {
  /** machine: { board, counters(), skip(ms) }. onWork: called after a command. */
  constructor(machine, onWork) {
    this.machine = machine;
    this.onWork = onWork;
    this.clients = new Set();
    this.address = null;
  }

  async open(port) {
    this.address = await listen('control', port, (peer) => this.attach(peer));
  }

  /** Send to all clients. */
  emit(event) {
    const line = `${JSON.stringify(event)}\n`;
    for (const client of this.clients) this.write(client, line);
  }

  attach(peer) {
    if (this.clients.size >= CLIENT_LIMIT) return peer.destroy();
    const { board } = this.machine;
    let rest = '';
    this.clients.add(peer);
    peer.setNoDelay(true);
    peer.setEncoding('utf8');
    peer.on('error', () => {});
    peer.on('close', () => this.clients.delete(peer));
    peer.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) this.write(peer, `${JSON.stringify(this.answer(line))}\n`);
      if (rest.length > LINE_LIMIT) peer.destroy();
      this.onWork();
    });
    const pins = {};
    for (let pin = 0; pin < PIN_COUNT; pin++) {
      if (board.pins.value(pin) !== null) pins[pin] = board.pins.value(pin);
    }
    const { halted, consoleReady } = board;
    const state = { on: board.mcu !== null, console: consoleReady, halted, pins, us: board.us };
    this.write(peer, `${JSON.stringify({ event: 'hello', ...state })}\n`);
  }

  write(peer, line) {
    peer.write(line);
    if (peer.writableLength > UNREAD_LIMIT) peer.destroy();
  }

  answer(line) {
    let command;
    try {
      command = JSON.parse(line.slice(0, LINE_LIMIT));
    } catch {
      return { id: null, error: 'not JSON' };
    }
    const id = command?.id ?? null;
    const known = Object.hasOwn(COMMANDS, command?.do) ? COMMANDS[command.do] : null;
    if (!known) return { id, error: `no such command; try ${Object.keys(COMMANDS).join(', ')}` };
    const [fields, work] = known;
    for (const [field, check] of Object.entries(fields)) {
      if (!check(command[field])) return { id, error: `${command.do}: bad or missing ${field}` };
    }
    return { id, ok: true, ...work(this.machine, command) };
  }
}
