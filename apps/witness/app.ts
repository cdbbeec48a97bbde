/** `add-checkpoint` over HTTP (C2SP tlog-witness): the one place of its status codes. spec/witness.md, WIT-5. @module */
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Witness, WitnessAnswer } from '../../src/log/witness.ts'
import { REQUEST_BYTES_MAX } from '../../src/log/witness-request.ts'

const PATH = '/add-checkpoint'

/** @param report hears why a request got 503. */
export function witnessApp(witness: Witness, report: (error: unknown) => void): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    report(error)
    return c.text('the witness cannot answer now\n', 503)
  })
  app.notFound((c) => c.text('no such resource\n', 404))
  const limit = bodyLimit({
    maxSize: REQUEST_BYTES_MAX,
    onError: (c) => c.text('the body is too large\n', 413),
  })
  app.post(PATH, limit, async (c) => {
    const answer = await witness.addCheckpoint(new Uint8Array(await c.req.arrayBuffer()))
    if (answer.kind === 'clock_behind') report(new Error('the clock is behind the last cosignature: mend it'))
    return render(c, answer)
  })
  app.all(PATH, (c) => c.text('POST only\n', 405, { allow: 'POST' }))
  return app
}

function render(c: Context, answer: WitnessAnswer): Response {
  switch (answer.kind) {
    case 'cosigned':
      return c.text(answer.lines, 200)
    case 'conflict':
      return c.body(`${answer.size}\n`, 409, { 'content-type': 'text/x.tlog.size' })
    case 'malformed':
      return c.text('not an old size, a proof and a checkpoint, or the old size is above the new one\n', 400)
    case 'unknown_log':
      return c.text('this witness does not know the origin\n', 404)
    case 'bad_signature':
      return c.text('no key of the origin signed the checkpoint\n', 403)
    case 'bad_proof':
      return c.text('the consistency proof does not verify\n', 422)
    case 'clock_behind':
      return c.text('the clock of the witness is behind\n', 503)
  }
}
