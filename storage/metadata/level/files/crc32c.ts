const POLYNOMIAL = 0x82f63b78
/** Tables for eight bytes at a time; the first is the plain one. */
const TABLES = makeTables()

/** CRC-32C (Castagnoli), which LevelDB puts behind every block and before every record of its log; Node has another one. */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length - (bytes.length % 8)
  let crc = ~0
  for (let at = 0; at < whole; at += 8) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      at8(t7, low) ^
      at8(t6, low >>> 8) ^
      at8(t5, low >>> 16) ^
      at8(t4, low >>> 24) ^
      at8(t3, high) ^
      at8(t2, high >>> 8) ^
      at8(t1, high >>> 16) ^
      at8(t0, high >>> 24)
  }
  for (const byte of bytes.subarray(whole)) crc = (crc >>> 8) ^ at8(t0, crc ^ byte)
  return ~crc >>> 0
}

/** As LevelDB stores it: the CRC of bytes that hold CRCs themselves would be weak. */
export function unmasked(stored: number): number {
  const rotated = (stored - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

/** The reverse. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function at8(table: Int32Array, index: number): number {
  return table[index & 255] ?? 0
}

function makeTables() {
  const plain = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    return crc
  })
  const behind = (before: Int32Array) => before.map((crc) => (crc >>> 8) ^ at8(plain, crc))
  const t1 = behind(plain)
  const t2 = behind(t1)
  const t3 = behind(t2)
  const t4 = behind(t3)
  const t5 = behind(t4)
  const t6 = behind(t5)
  return [plain, t1, t2, t3, t4, t5, t6, behind(t6)] as const
}
