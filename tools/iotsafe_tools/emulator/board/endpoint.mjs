// One end of a serial line over TCP: listens on a loopback port, or dials until it gets through.
//
// It has one peer at a time; a new peer replaces the old one. Bytes sent without a peer are lost,
// as on an unconnected wire.

import net from 'node:net';
import { UserError } from './errors.mjs';

const HIGH_WATER = 65536; // bytes; stop reading the socket while more wait for the board
const LOW_WATER = 32768;
const UNREAD_LIMIT = 4 * 1024 * 1024; // bytes; hang up on a peer that leaves more unread
const DIAL_AGAIN_MS = 100;

export class Endpoint {
  /** name: for messages. onWork: called when bytes have arrived. */
  constructor(name, onWork) {
    this.name = name;
    this.onWork = onWork;
    this.onData = () => {}; // set by the device; called when bytes have arrived
    this.peer = null;
    this.chunks = []; // received from the peer
    this.head = 0; // bytes of the first chunk already read
    this.size = 0; // bytes waiting
    this.out = []; // for the peer; `flush` sends them
    this.unheard = 0; // bytes sent while no peer was connected
    this.address = null; // where it listens or dials, "HOST:PORT"
  }

  /** "PORT" listens on the loopback interface (0: any free port), "HOST:PORT" dials. */
  async open(where) {
    const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(where) ?? [];
    if (port === undefined || Number(port) > 65535) {
      throw new UserError(`${this.name}: ${where} is not an address; give PORT or HOST:PORT`);
    }
    if (host !== undefined) {
      this.address = where;
      this.dial(host, Number(port));
    } else {
      this.address = await listen(this.name, Number(port), (peer) => this.attach(peer));
    }
  }

  dial(host, port) {
    const peer = net.connect(port, host);
    peer.on('connect', () => this.attach(peer));
    peer.on('error', () => {});
    peer.on('close', () => setTimeout(() => this.dial(host, port), DIAL_AGAIN_MS));
  }

  attach(peer) {
    this.hangUp();
    this.peer = peer;
    peer.setNoDelay(true);
    peer.on('data', (data) => {
      this.chunks.push(data);
      this.size += data.length;
      if (this.size > HIGH_WATER) peer.pause();
      this.onData();
      this.onWork();
    });
    peer.on('error', () => {});
    peer.on('close', () => {
      if (this.peer === peer) this.peer = null;
    });
  }

  hangUp() {
    this.flush();
    this.peer?.end();
    this.peer = null;
  }

  /** Return the next byte from the peer; call only while `size` is not 0. */
  shift() {
    const chunk = this.chunks[0];
    const byte = chunk[this.head++];
    if (this.head === chunk.length) {
      this.chunks.shift();
      this.head = 0;
    }
    this.size--;
    if (this.size < LOW_WATER && this.peer?.isPaused()) this.peer.resume();
    return byte;
  }

  /** Discard the bytes that the peer has sent. */
  clear() {
    this.chunks = [];
    this.head = this.size = 0;
    if (this.peer?.isPaused()) this.peer.resume();
  }

  put(byte) {
    this.out.push(byte);
  }

  flush() {
    if (!this.out.length) return;
    const data = Buffer.from(this.out);
    this.out.length = 0;
    if (this.peer === null) {
      this.unheard += data.length;
      return;
    }
    this.peer.write(data);
    if (this.peer.writableLength > UNREAD_LIMIT) {
      this.peer.destroy();
      this.peer = null;
    }
  }
}

/** Listen on a loopback port; resolves to "127.0.0.1:PORT". Throws UserError. */
export function listen(name, port, onPeer) {
  return new Promise((resolve, reject) => {
    const server = net.createServer(onPeer);
    server.once('error', (error) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use; choose another' : `: ${error.code}`;
      reject(new UserError(`${name}: port ${port} ${why}`));
    });
    server.listen(port, '127.0.0.1', () => resolve(`127.0.0.1:${server.address().port}`));
  });
}
