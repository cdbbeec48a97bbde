/** Points that have yet to bring what they recorded in a period, over HTTP. spec/populations.md (POP-9), RCP-12. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rfc3339 } from '../../src/core/time.ts'
import { published, Stream } from '../../test/fixtures/shipped.ts'
import { until } from '../../test/fixtures/processes.ts'
import { TestServer, type Operator } from './harness.ts'

const HOUR_MS = 3_600_000
const server = new TestServer()
let ann: Operator
let stream: Stream
let silent: string

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  stream = await Stream.open(server, ann)
  silent = (await server.point(ann)).id
  await stream.ship(2, 'words')
})
afterAll(() => server.remove())

/** The time of now, once it is past all that was shipped. */
async function edge(): Promise<string> {
  const to_ms = Date.now() + 1
  await until('the clock goes on', () => Promise.resolve(Date.now() > to_ms ? true : null))
  return rfc3339(to_ms)
}
const awaited = async (to: string) => (await ann.api.post('/v1/evidence/cut-offs', { to })).json

test('a point that has nothing to say says once, in the log, that it brought all until then', async () => {
  const to = await edge()
  const size = await ann.api.logSize()
  await stream.send([])
  expect(await ann.api.loggedSince(size)).toEqual([])
  // The other one was never heard of: nobody waits for it.
  expect(await awaited(to)).toEqual({ over: true, awaited: [stream.point] })
  await stream.send([])
  await stream.send([])
  expect(await ann.api.loggedSince(size)).toEqual(['receipt.head'])
  expect(await awaited(to)).toEqual({ over: true, awaited: [] })
})

test('nobody is waited for before a period is over, and nothing is asked of points', async () => {
  const size = await ann.api.logSize()
  expect(await awaited(rfc3339(Date.now() + HOUR_MS))).toEqual({ over: false, awaited: [] })
  await stream.send([])
  expect(await ann.api.loggedSince(size)).toEqual([])
})

test('a pack waits for the point, and names the one that never came', async () => {
  const to = await edge()
  const period = { from: rfc3339(Date.now() - HOUR_MS), to }
  const { id } = (await ann.api.post('/v1/evidence/packs', period)).json
  const now = async () => (await ann.api.get(`/v1/evidence/packs/${id}`)).json.now
  await until('the pack waits', async () => ((await awaited(to)).awaited.length > 0 ? true : null))
  expect((await now()).state).toBe('waiting')
  await stream.send([])
  await published(ann)
  await expect.poll(now, { timeout: 60_000 }).toMatchObject({ state: 'done' })
  const { pack } = await now()
  expect(pack.state).toBe('final')
  expect(pack.limitations).toMatchObject([{ point: silent, until: null, wanted: to }])
}, 120_000)

test('a freezing waits for it as well', async () => {
  const to = await edge()
  const period = { from: rfc3339(Date.now() - HOUR_MS), to }
  const asked = ann.api.post('/v1/evidence/freezings', { engagement: '2026', ...period })
  await until('it is asked for', async () => ((await awaited(to)).awaited.length > 0 ? true : null))
  await stream.send([])
  const { status, json } = await asked
  expect([status, json.limitations]).toMatchObject([200, [{ point: silent }]])
}, 120_000)
