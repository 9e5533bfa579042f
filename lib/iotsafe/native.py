"""TLS with the mbedTLS of the firmware; an identity makes the signature.

Needs a MicroPython built with MICROPY_PY_SSL_ECDSA_SIGN_ALT. mbedTLS gets a placeholder for the
private key and calls `ecdsa_sign_callback` for each signature.

Why the handshake runs in steps: one global of MicroPython holds the context whose callback mbedTLS
calls. Every read and write of a TLS socket sets this global. Closing *any* TLS socket clears it,
also when the garbage collector closes an old one. A collection in the middle of a handshake would
therefore make mbedTLS sign with the placeholder. So each step is one call into mbedTLS, with the
collector off and over a transport that never waits. Between two steps the collector may run,
because the next step sets the global again. A step ends after a few calls of the stream, so that
a stream that makes garbage cannot fill the heap.
"""

import gc
import io
import select

import tls
from micropython import const

import ticks

from . import server_names
from .der import validity
from .errors import BadCertificate, NoEngine, TLSError

ENGINE = "mbedTLS " + tls.MBEDTLS_VERSION.split(" ")[-1]

_POLLIN = const(1)
_POLLOUT = const(4)
_IOCTL_POLL = const(3)
_IOCTL_CLOSE = const(4)
_EIO = const(5)
_SLICE = const(500)  # ms of one wait in C
_EINVAL = const(22)
_CONN_EOF = const(-0x7280)  # MBEDTLS_ERR_SSL_CONN_EOF
_HEADER = const(5)  # bytes of a record's header
_HANDSHAKE = const(22)
_CERTIFICATE = const(11)
_ETIMEDOUT = const(110)

# Calls of the stream in one step of the handshake: their garbage stays until the step ends.
_TURNS = const(4)

# SEC1 ECPrivateKey on P-256 with the private value 2A. It stands for the key in the SIM.
_PLACEHOLDER = b"\x30\x12\x02\x01\x01\x04\x01\x2a\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"

_NO_SPAN = ("", "~")

# The suites that the client offers, best first, if the firmware has them.
_SUITES = (
    "TLS1-3-AES-128-GCM-SHA256",
    "TLS1-3-AES-256-GCM-SHA384",
    "TLS1-3-CHACHA20-POLY1305-SHA256",
    "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
    "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
    "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
    "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
)


class NativeContext:
    """One TLS client configuration: an identity and the CAs (tuple of DER bytes) to trust.

    `problems` gets a text for each CA that mbedTLS cannot read; ValueError if it can read none.
    `mutual`: a server that asks for no certificate is an error.

    What is seen of the handshake that runs: `host`; `signed`: the identity's signature was used;
    `verified`: the server's chain is good; `answered`: bytes sent after that; `above`: the
    certificates of the chain (see `server_names.check`), after the handshake only `span`, the time
    (first, last) in which all are valid; `record`: bytes of the longest record or, before TLS 1.3,
    of the chain; `free`: bytes of free heap before the last step. `sent`: bytes of the client's
    certificates.
    """

    def __init__(self, identity, cas, suites=None, problems=None, mutual=True):
        self._identity = identity
        self.mutual = mutual
        self._tls = context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        if not hasattr(context, "ecdsa_sign_callback"):
            raise NoEngine("no-engine")
        # A client context of MicroPython verifies the server; no option here switches that off.
        unread = []
        for ca in cas:
            try:
                context.load_verify_locations(ca)
            except ValueError:
                from .unreadable import why

                unread.append(why(ca))
        if len(unread) == len(cas):
            raise ValueError(unread[0])
        if unread and problems is not None:
            problems.extend(unread)
        self.sent = 0
        try:
            for certificate in (identity.certificate,) + tuple(identity.chain):
                self.sent += len(certificate)
                context.load_cert_chain(certificate, _PLACEHOLDER)
        except ValueError:
            raise BadCertificate("certificate-refused") from None
        context.ecdsa_sign_callback = self._sign
        context.verify_callback = self._verify
        known = context.get_ciphers()
        context.set_ciphers([name for name in suites or _SUITES if name in known])
        self.begin("")

    def begin(self, host):
        """Forget the last handshake."""
        self.host = host
        self.failure = None
        self.signed = self.verified = False
        self.answered = self.record = self.free = 0
        self.above = []
        self.span = _NO_SPAN

    def end(self):
        """Keep of the chain's certificates only `span`."""
        try:
            for _, subject, dates in self.above:
                _, first, last = validity(subject, dates)
                self.span = max(first, self.span[0]), min(last, self.span[1])
        except ValueError:  # a date of another form than RFC 5280's
            self.span = _NO_SPAN
        self.above = ()

    def _verify(self, certificate, depth):
        """Check the names of a certificate of the server's chain; mbedTLS calls this from the top
        of the chain down, after its own checks, whose report counts more than `failure`.
        """
        try:
            server_names.check(certificate, depth, self.host, self.above)
            self.verified = not depth
        except ValueError as e:
            self.failure = TLSError("server-certificate", str(e))
        except MemoryError:
            self.failure = TLSError("tls-memory", self.free, "MemoryError")
        except BaseException as e:
            self.failure = e
        return 0

    def _sign(self, key, digest):
        """Return the identity's signature to mbedTLS, which calls this in the handshake.

        mbedTLS would print an exception and swallow it. So `failure` keeps it for the caller, and
        mbedTLS gets an empty signature, which is never sent.
        """
        try:
            signature = self._identity.sign(bytes(digest))
            self.signed = True
            return signature
        except BaseException as e:
            self.failure = e
            return b""

    def wrap(self, stream, server_hostname, timeout_ms):
        """Return a TLSSocket over `stream`; the handshake runs with the first read or write. Names
        go without the dot of the root (RFC 6066, 3; certificates have none)."""
        if server_hostname[-1] == ".":
            server_hostname = server_hostname[:-1]
        return TLSSocket(self, stream, server_hostname, timeout_ms)


class _Pipe(io.IOBase):
    """The transport that mbedTLS sees: the stream, cut off once a callback has failed.

    `turns`: the calls left in this step, after which it would block; negative: no limit. `fault`:
    how the last call of the stream ended: 0, 1 with an exception, or the negative errno.
    """

    def __init__(self, context, stream):
        self._context = context
        self._stream = stream
        self._poll = select.poll()
        self._poll.register(stream, _POLLIN)
        self.turns = -1
        self.fault = 0
        self._plain = False  # the content of a handshake record comes next

    def readinto(self, buf):
        got = self._pass(self._stream.readinto, buf)
        if got and self.turns >= 0:
            size = 0
            if got == _HEADER == len(buf) and buf[1] == 3:
                size = buf[3] << 8 | buf[4]
            elif self._plain and got > 3 and buf[0] == _CERTIFICATE:
                size = buf[1] << 16 | buf[2] << 8 | buf[3]
            self._plain = size and buf[0] == _HANDSHAKE
            self._context.record = max(self._context.record, size)
        return got

    def write(self, buf):
        got = self._pass(self._stream.write, buf)
        if got and self._context.verified:
            self._context.answered += got
        return got

    def _pass(self, call, buf):
        if self._context.failure:
            return -_EIO
        if not self.turns:
            return None
        self.turns -= 1
        self.fault = 1
        got = call(buf)
        self.fault = min(got or 0, 0)
        return got

    def ioctl(self, request, arg):
        if request == _IOCTL_CLOSE:
            self._stream.close()
        elif request == _IOCTL_POLL:
            self._poll.modify(self._stream, arg)
            for ready in self._poll.poll(0):
                return ready[1]
        else:
            return -_EINVAL
        return 0


class TLSSocket(io.IOBase):
    """A TLS session as a stream: read, readinto, write, close, setblocking, settimeout, ioctl.

    A call that exceeds the time-out raises OSError ETIMEDOUT, even while single bytes still
    arrive. Errors of the session are `TLSError`; exceptions of `identity.sign` pass unchanged.
    """

    def __init__(self, context, stream, server_hostname, timeout_ms):
        self._context = context
        self._host = server_hostname
        self._stream = stream
        self._pipe = _Pipe(context, stream)
        self._default_ms = self._timeout_ms = timeout_ms
        self._open = False  # the handshake is over
        self._heard = False  # the server has sent application data
        context.begin(server_hostname)
        stream.setblocking(False)
        gc.collect()
        context.free = gc.mem_free()
        try:
            self._ssl = context._tls.wrap_socket(
                self._pipe,
                server_hostname=server_hostname,
                do_handshake_on_connect=False,
            )
        except (OSError, ValueError) as e:
            raise self._error(e)
        self._poll = select.poll()
        self._poll.register(self._ssl, _POLLIN)

    def cipher(self):
        """Return (suite, protocol version), or None before the handshake is over."""
        return self._ssl.cipher() if self._open else None

    def settimeout(self, seconds):
        """Set the limit of each read in seconds; None stands for the limit given at creation."""
        self._timeout_ms = self._default_ms if seconds is None else int(seconds * 1000)

    def setblocking(self, flag):
        """Make reads wait, or with False return None instead."""
        self._timeout_ms = self._default_ms if flag else 0

    def read(self, size):
        """Return `size` bytes; fewer only at the end of the session; None if it would block."""
        data = bytearray(size)
        view = memoryview(data)
        deadline = ticks.after(self._timeout_ms or self._default_ms)
        pos = 0
        while pos < size:
            # Once a message has begun, wait for all of it.
            got = self._receive(view[pos:] if pos else data, pos or self._timeout_ms, deadline)
            if got is None:
                return None
            if not got:
                break
            pos += got
        return bytes(view[:pos])

    def readinto(self, buf):
        """Read into `buf` and return the count: 0 at the session's end, None if it would block."""
        return self._receive(buf, self._timeout_ms, ticks.after(self._timeout_ms))

    def _receive(self, buf, wait, deadline):
        while True:
            got = self._step(self._ssl.readinto, buf)
            if got is not None:
                if got:
                    self._opened()
                    self._heard = True
                elif len(buf) and not self._heard:
                    # In TLS 1.3 a server that refuses the client may hang up without an alert.
                    raise self._error(OSError(_CONN_EOF))
                return got
            if not wait:
                return None
            self._wait(_POLLIN, deadline)

    def write(self, buf):
        """Send all of `buf`, flush the stream, and return the length."""
        view = memoryview(buf)
        pos = 0
        size = len(buf)
        deadline = ticks.after(self._default_ms)
        while pos < size:
            sent = self._step(self._ssl.write, view[pos:])
            if sent is None:
                self._wait(_POLLOUT, deadline)
                continue
            self._opened()
            pos += sent
        if hasattr(self._stream, "flush"):
            self._stream.flush()
        return size

    def _opened(self):
        """Note the end of the handshake."""
        if not self._open:
            self._open = True
            context = self._context
            context.end()
            if context.mutual and not context.signed:
                self._stream.close()
                raise TLSError("not-asked")

    def _error(self, error):
        """Close the stream, and return the exception for `error`: after any error of mbedTLS or of
        the stream the session is lost."""
        context = self._context
        failure = context.failure
        context.failure = None
        self._stream.close()
        fault = self._pipe.fault
        if fault == 1 or (fault and isinstance(error, OSError) and error.args[0] == -fault):
            return error  # of the stream
        if not failure or isinstance(error, ValueError):  # mbedTLS's report
            from .engine_errors import tls_error

            failure = tls_error(error, context, self._heard)
        context.end()
        return failure

    def _step(self, call, buf):
        """Make one call into mbedTLS and return its result; None if it would block."""
        collecting = False
        self._pipe.turns = -1
        if not self._open:
            self._pipe.turns = _TURNS
            self._context.host = self._host
            gc.collect()
            self._context.free = gc.mem_free()
            collecting = gc.isenabled()
            gc.disable()
        try:
            return call(buf)
        except BaseException as e:
            error = e
        finally:
            if collecting:
                gc.enable()
        raise self._error(error)

    def _wait(self, events, deadline):
        self._poll.modify(self._ssl, events)
        while True:
            left = ticks.left(deadline)
            if left <= 0:
                raise OSError(_ETIMEDOUT, "TLS: the server did not answer in time")
            if self._poll.poll(min(left, _SLICE)):
                return
            ticks.sleep(0)  # calls `ticks.idle`, which may feed a watchdog

    def ioctl(self, request, arg):
        """Serve poll and close of the stream protocol."""
        if request == _IOCTL_CLOSE:
            self.close()
        elif request == _IOCTL_POLL:
            self._poll.modify(self._ssl, arg)
            for ready in self._poll.poll(0):
                return ready[1]
        else:
            return -_EINVAL
        return 0

    def close(self):
        """Close the session and the stream under it. mbedTLS sends no close_notify here."""
        try:
            self._ssl.close()
        finally:
            self._stream.close()
