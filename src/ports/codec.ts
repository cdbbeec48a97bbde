/**
 * Deflate (RFC 1951) and CRC-32 (ISO 3309) of a platform, which are several times as fast as code in its language.
 * `fflateCodec` of src/evidence/pack/codec.ts works everywhere. @module
 */
export interface Codec {
  /** The parts one after the other, packed. The same bytes give the same, under one version of the platform. */
  deflate(parts: Iterable<Uint8Array>): Promise<Uint8Array[]>
  /**
   * @param size what `packed` claims to unpack to, in bytes: no more memory is taken
   * @returns null: it is no deflate stream, or unpacks to more. Not checked: that it unpacks to as much.
   */
  inflate(packed: Uint8Array, size: number): Promise<Uint8Array | null>
  /** As {@link inflate}, at once. */
  inflateSync(packed: Uint8Array, size: number): Uint8Array | null
  /** @param seed of the bytes before, 0 of none */
  crc32(bytes: Uint8Array, seed: number): number
}
