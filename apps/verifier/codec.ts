/** How `verify.html` unpacks: by the browser's own streams where a file is worth one, in plain JavaScript otherwise. @module */
import { inflateInStream } from '../../src/adapters/web-streams/inflate.ts'
import { fflateCodec } from '../../src/evidence/pack/codec.ts'
import type { Codec } from '../../src/ports/codec.ts'

/** Below, a stream costs more than it saves: hash tiles, which do not pack anyway. */
const STREAM_BYTES_MIN = 16 * 1024

export const pageCodec: Codec = {
  ...fflateCodec,
  inflate: (packed, size) =>
    packed.length < STREAM_BYTES_MIN ? fflateCodec.inflate(packed, size) : inflateInStream(packed, size),
}
