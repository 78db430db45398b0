/**
 * Arrays as the server's own binary form, in which pg sends a Buffer untouched: no hex, and one parameter for any
 * number of keys. Layout: dimensions, flags, element type, length, lower bound, then each element with its length.
 */
const BYTEA = 17
const INT8 = 20
const HEAD = 20

/** A bytea[] parameter. Copies every byte. */
export function byteaArray(elements: readonly Uint8Array[]): Buffer {
  const size = elements.reduce((sum, element) => sum + 4 + element.length, HEAD)
  const buffer = Buffer.allocUnsafe(size)
  let at = writeHead(buffer, BYTEA, elements.length)
  for (const element of elements) {
    at = buffer.writeInt32BE(element.length, at)
    buffer.set(element, at)
    at += element.length
  }
  return buffer
}

/** A bigint[] parameter. */
export function int8Array(elements: readonly bigint[]): Buffer {
  const buffer = Buffer.allocUnsafe(HEAD + elements.length * 12)
  let at = writeHead(buffer, INT8, elements.length)
  for (const element of elements) {
    at = buffer.writeInt32BE(8, at)
    at = buffer.writeBigInt64BE(element, at)
  }
  return buffer
}

function writeHead(buffer: Buffer, type: number, length: number): number {
  const fields = [1, 0, type, length, 1]
  return fields.reduce((at, field) => buffer.writeInt32BE(field, at), 0)
}
