import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BOTTOM, TOP } from '../../src/core/label.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { DomainAsker, domainContract, READ } from '../../test/contract/domains.ts'
import { HoldingPoint } from '../../test/fixtures/domain-points.ts'
import { TestServer, type Operator } from './harness.ts'

/** Of a server and of points that hold domains; people go by the true time, from which it may be a minute off. */
function movedClock(): Clock & { later_ms: number } {
  return {
    later_ms: 0,
    now() {
      return Date.now() + this.later_ms
    },
    monotonic() {
      return performance.now() + this.later_ms
    },
  }
}

const clock = movedClock()
const server = new TestServer({ separation: 'after', clock })
let ann: Operator
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

domainContract(() => ({ server, ann }))

describe('two points of one agent', () => {
  const points: HoldingPoint[] = []
  afterEach(async () => {
    for (const point of points.splice(0)) {
      await point.close()
      point.remove()
    }
  })
  const open = async (): Promise<HoldingPoint> => {
    const point = await HoldingPoint.open(server, ann, clock)
    points.push(point)
    return point
  }
  let n = 0
  const named = (): string => `agt_two_${n++}`

  test('pass its memory to and fro: what was read at one is known at the other', async () => {
    const [mail, files] = [await open(), await open()]
    const agent = named()
    expect(await files.read([agent], READ)).toEqual({ taint: BOTTOM, forgot: false })
    // A second session, or a second delegation, is in the same domain.
    expect(await files.read([agent], BOTTOM)).toEqual({ taint: READ, forgot: false })
    expect(await mail.read([agent], { ...BOTTOM, categories: ['payment'] })).toEqual({
      taint: READ,
      forgot: true,
    })
    const both = { ...READ, categories: ['health', 'payment'] }
    expect(await files.read([agent], BOTTOM)).toEqual({ taint: both, forgot: true })
  })

  test('share it over a hop, on the way there and back', async () => {
    const [one, two] = [await open(), await open()]
    const [caller, helper, stranger] = [named(), named(), named()]
    await one.read([caller], { ...BOTTOM, level: 'confidential' })
    await two.read([helper], { ...BOTTOM, categories: ['health'] })
    const shared = await two.read([caller, helper], { ...BOTTOM, integrity: 'untrusted' })
    expect(shared.taint).toEqual({ level: 'confidential', integrity: 'trusted', categories: ['health'] })
    expect((await one.read([caller], BOTTOM)).taint).toEqual(READ)
    expect((await one.read([stranger, helper], BOTTOM)).taint).toEqual(READ)
    expect((await two.read([stranger], BOTTOM)).taint).toEqual(READ)
  })

  test('wait for a call that is under way, whose result the domain takes along', async () => {
    const [one, two] = [await open(), await open()]
    const agent = named()
    const stay = await one.enter(agent)
    const asked = two.enter(agent)
    const isOpen = (): boolean => {
      const other = one.domains.enter([agent])
      other?.leave()
      return other !== null
    }
    await expect.poll(isOpen).toBe(false) // nobody else comes in
    await stay.raise(READ)
    stay.leave()
    const next = await asked
    expect(next.taint).toEqual(READ)
    next.leave()
  })

  test('are denied while a call of the other does not end, and neither waits for ever', async () => {
    const [one, two] = [await open(), await open()]
    const agent = named()
    const stay = await one.enter(agent)
    expect(await two.domains.obtain([agent])).toBeNull()
    stay.leave()
    expect((await two.read([agent], BOTTOM)).taint).toEqual(BOTTOM)
  })

  test('that each hold what the other needs both come to have it', async () => {
    const [one, two] = [await open(), await open()]
    const [a, b] = [named(), named()]
    await Promise.all([one.read([a], BOTTOM), two.read([b], READ)])
    const [first, second] = await Promise.all([one.read([a, b], BOTTOM), two.read([a, b], BOTTOM)])
    expect([first.taint, second.taint]).toEqual([READ, READ])
  })

  test('each know at once what was read, when the other ends orderly', async () => {
    const [one, two] = [await open(), await open()]
    const agent = named()
    await one.read([agent], READ)
    await one.close()
    expect((await two.read([agent], BOTTOM)).taint).toEqual(READ)
  })

  test('are waited for when one crashes: its own next process knows what was read, but not the texts', async () => {
    const [one, two] = [await open(), await open()]
    const agent = named()
    await one.read([agent], READ)
    await one.crash()
    expect(await two.domains.obtain([agent])).toBeNull()
    await one.start()
    expect(await two.read([agent], BOTTOM)).toEqual({ taint: READ, forgot: true })
  })

  test('are waited for until the lease is over when one does not come back: the other begins at the top', async () => {
    const [one, two] = [await open(), await open()]
    const agent = named()
    await one.read([agent], BOTTOM)
    await one.crash()
    clock.later_ms += 30_000
    expect(await two.domains.obtain([agent])).toBeNull()
    clock.later_ms += 33_000
    expect(await two.read([agent], BOTTOM)).toEqual({ taint: TOP, forgot: true })
    await one.start() // what it has to say is of an earlier turn
    expect((await one.read([agent], BOTTOM)).taint).toEqual(TOP)
  })
})

describe('a memory that was wiped', () => {
  const other = new TestServer()
  let [owner, second]: Operator[] = []
  beforeAll(async () => {
    await other.start()
    owner = await other.enrol(other.bootstrapSecret)
    second = await other.invite(owner, 'Second')
  })
  afterAll(() => other.remove())
  const clear = async (by: Operator, agent: string) => {
    const { json } = await by.api.get(`/v1/domains/${agent}/clearing`)
    if (json.error !== undefined) return json.error.code
    const gesture = by.authenticator.assert(json.challenge)
    const answer = await by.api.post(`/v1/domains/${agent}/clear`, { ...gesture })
    return answer.json.error?.code ?? answer.json
  }

  test('is cleared by another than the agent’s owner, once no point holds it, and begins at the bottom', async () => {
    const { id: agent } = await other.agent(owner!, second!)
    const asker = await DomainAsker.open(other, owner!)
    expect(await clear(second!, agent)).toBe('UNKNOWN_DOMAIN')
    await asker.lease(agent)
    expect(await clear(second!, agent)).toBe('STATE_CONFLICT')
    await asker.handOver(asker.signed(agent, 1, READ))
    expect((await owner!.api.get('/v1/domains')).json.domains).toEqual([
      { agent, turn: 1, point: null, taint: READ },
    ])
    expect(await clear(owner!, agent)).toBe('SAME_PERSON')
    expect(await clear(second!, agent)).toEqual({ acted_alone: false })
    await asker.handOver(asker.signed(agent, 1, READ)) // once more, to no effect
    expect(await asker.lease(agent)).toMatchObject([{ agent, turn: 3, begins: 'handed_over', taint: BOTTOM }])
  })
})

describe('a point whose control plane is away', () => {
  test('goes on in the domains that it holds until their leases end', async () => {
    const own = await new TestServer({ separation: 'after' }).start()
    const moved = movedClock()
    const point = await HoldingPoint.open(own, await own.enrol(own.bootstrapSecret), moved)
    try {
      await point.read(['agt_away'], READ)
      await own.running.close()
      moved.later_ms += 30_000
      expect((await point.read(['agt_away'], BOTTOM)).taint).toEqual(READ)
      expect(await point.domains.obtain(['agt_other'])).toBeNull()
      moved.later_ms += 30_000
      expect(point.domains.enter(['agt_away'])).toBeNull()
      expect(await point.domains.obtain(['agt_away'])).toBeNull()
    } finally {
      await point.crash()
      point.remove()
      await own.remove().catch(() => undefined)
    }
  }, 30_000)
})
