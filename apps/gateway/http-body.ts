/** Bodies that hold one message. @module */
import type { Dispatcher } from 'undici'
import { FRAME_BYTES_MAX } from '../../src/enforce/adapters/mcp/frames.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20

/** JSON has line ends between its tokens only; in a frame they would be the end of it. */
export function onOneLine(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(LINE_FEED) && !bytes.includes(CARRIAGE_RETURN)) return bytes
  return bytes.map((byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte))
}

/** @throws {RangeError} longer than a frame */
export async function bodyOf({ body }: Dispatcher.ResponseData): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const part of body as AsyncIterable<Uint8Array>) {
    total += part.length
    if (total > FRAME_BYTES_MAX) throw new RangeError('an answer over the limit')
    parts.push(part)
  }
  return parts.length === 1 ? (parts[0] ?? new Uint8Array()) : Buffer.concat(parts)
}
