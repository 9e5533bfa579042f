// The board's USB host: configures MicroPython's CDC serial device and connects its two bulk
// endpoints to an Endpoint.
//
// When the device requests data, the host holds the request until there is data. (The emulator
// package's helper answers it with no data, every 10 microseconds.)

const STANDARD_IN = 0x80;
const STANDARD_OUT = 0x00;
const CLASS_OUT = 0x21; // a class request to an interface
const SET_ADDRESS = 5;
const GET_DESCRIPTOR = 6;
const SET_CONFIGURATION = 9;
const SET_CONTROL_LINE_STATE = 0x22;
const CONFIGURATION = 0x200; // descriptor type 2, index 0
const HEADER = 9; // bytes of a configuration descriptor alone
const INTERFACE_DESCRIPTOR = 4;
const ENDPOINT_DESCRIPTOR = 5;
const CDC_DATA_CLASS = 10;
const BULK = 2;
const DTR_AND_RTS = 3;

/** Return the bulk endpoints { input, output } of the CDC data interface, seen from the host. */
export function findEndpoints(descriptors) {
  const found = { input: -1, output: -1 };
  let isData = false;
  for (let at = 0; at + 1 < descriptors.length && descriptors[at] > 1; at += descriptors[at]) {
    const kind = descriptors[at + 1];
    if (kind === INTERFACE_DESCRIPTOR) isData = descriptors[at + 5] === CDC_DATA_CLASS;
    if (kind === ENDPOINT_DESCRIPTOR && isData && (descriptors[at + 3] & 3) === BULK) {
      const address = descriptors[at + 2];
      found[address & 0x80 ? 'input' : 'output'] = address & 15;
    }
  }
  return found;
}

export class UsbConsole {
  /** usb: the chip's controller. line: an Endpoint. onReady: called after the configuration. */
  constructor(usb, line, onReady) {
    this.usb = usb;
    this.line = line;
    this.onReady = onReady;
    this.step = null; // the next step, after the device has answered the last control transfer
    this.descriptors = [];
    this.endpoints = { input: -1, output: -1 };
    this.wanted = 0; // bytes that the device can accept now
    this.enabled = false;
    usb.onUSBEnabled = () => {
      if (!this.enabled) usb.resetDevice();
      this.enabled = true;
    };
    usb.onResetReceived = () => this.request(STANDARD_OUT, SET_ADDRESS, 1, 0, this.addressed);
    usb.onEndpointWrite = (endpoint, data) => this.deviceSent(endpoint, data);
    usb.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.endpoints.output) return;
      this.wanted = size;
      this.push();
    };
    line.onData = () => this.push();
  }

  request(type, request, value, length, step) {
    this.step = step;
    const packet = Buffer.alloc(8);
    packet[0] = type;
    packet[1] = request;
    packet.writeUInt16LE(value, 2);
    packet.writeUInt16LE(length, 6);
    this.usb.sendSetupPacket(packet);
  }

  deviceSent(endpoint, data) {
    if (endpoint === this.endpoints.input) for (const byte of data) this.line.put(byte);
    else if (endpoint === 0) this.step?.(data);
  }

  // The steps, in order.

  addressed() {
    this.request(STANDARD_IN, GET_DESCRIPTOR, CONFIGURATION, HEADER, this.gotHeader);
  }

  gotHeader(header) {
    this.descriptors = [];
    this.total = header[2] | (header[3] << 8);
    this.request(STANDARD_IN, GET_DESCRIPTOR, CONFIGURATION, this.total, this.gotDescriptors);
  }

  gotDescriptors(part) {
    this.descriptors.push(...part);
    if (this.descriptors.length < this.total && part.length) return;
    this.endpoints = findEndpoints(this.descriptors);
    this.request(STANDARD_OUT, SET_CONFIGURATION, 1, 0, this.configured);
  }

  configured() {
    this.request(CLASS_OUT, SET_CONTROL_LINE_STATE, DTR_AND_RTS, 0, this.ready);
  }

  ready() {
    this.step = null;
    this.onReady();
  }

  push() {
    const count = Math.min(this.wanted, this.line.size);
    if (!count) return;
    this.wanted = 0;
    const data = Uint8Array.from({ length: count }, () => this.line.shift());
    this.usb.endpointReadDone(this.endpoints.output, data);
  }
}
