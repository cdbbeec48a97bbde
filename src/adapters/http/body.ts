/** Bodies of answers, read up to a limit: a server that we ask may be hostile. @module */

/** Rejects with a RangeError when the body is longer. */
export async function readBody(response: Response, bytes_max: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const part of response.body ?? []) {
    total += part.length
    if (total > bytes_max) throw new RangeError(`the answer is over ${bytes_max} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
