import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { debitOf, need, Spool } from '../../test/fixtures/spool.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { disclosureDigest } from '../../src/token/disclosure.ts'
import { delegationOf, TestServer, type Operator } from './harness.ts'

const server = new TestServer({ separation: 'after' })
let ann: Operator
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

describe('a cumulative limit', () => {
  const opened = async (): Promise<Spool> => {
    const spool = new Spool(await server.point(ann))
    await spool.open()
    return spool
  }
  const day = { per: 'day' }

  test('is never overspent by concurrent calls of several points', async () => {
    const points = await Promise.all([opened(), opened(), opened()])
    const fifty = { jti: 'dlg_a', max: 50, ...day }
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => points[i % 3]!.lease(need(3, fifty))),
    )
    expect(answers.filter((one) => one !== undefined)).toHaveLength(16) // 16 x 3 = 48
    expect(await points[0].lease(need(2, fifty))).toHaveLength(1)
    expect(await points[0].lease(need(1, fifty))).toBeUndefined()
  })

  test('is leased together with the others of the call, or not at all', async () => {
    const spool = await opened()
    const [b, c] = [{ jti: 'dlg_b' }, { jti: 'dlg_c', max: 1 }]
    expect(await spool.lease(need(5, b), need(2, c))).toBeUndefined()
    expect(await spool.lease(need(10, b))).toHaveLength(1)
  })

  test('keeps the maximum that was first seen, and is asked for once a call', async () => {
    const spool = await opened()
    const e = { jti: 'dlg_e' }
    await spool.lease(need(1, e))
    expect((await spool.askLease(need(1, { ...e, max: 11 }))).error.code).toBe('BUDGET_MISMATCH')
    expect((await spool.askLease(need(1, e), need(1, e))).error.code).toBe('BUDGET_MISMATCH')
    expect(await spool.lease(need(5, { ...e, max: 5 }))).toBeUndefined()
    spool.epoch++
    expect((await spool.askLease(need(1, e))).error.code).toBe('RECEIPT_EPOCH')
  })

  test('of a root is leased to the points that it names, as the root has it', async () => {
    const [one, other] = [await opened(), await opened()]
    const agent = await server.agent(ann, ann)
    const limit = { measure: 'calls', unit: '1', per: 'day', max: 10 }
    const grants = [{ type: 'tool', server: 'files', actions: ['read'], limits: [limit] }]
    const draft = await ann.api.post('/v1/delegations/drafts', {
      ...delegationOf(agent, one.point.id),
      grants,
    })
    const seal = ann.authenticator.assert(draft.json.challenge)
    const { chain } = (await ann.api.post(`/v1/delegations/drafts/${draft.json.jti}/seal`, seal)).json
    const [jwt = '', disclosure = ''] = (chain as string).split('~')
    const { iss, jti } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
    const its = { iss, jti, grant: disclosureDigest(nodeCrypto, disclosure), ...limit }
    const codeOf = async (spool: Spool, edit: object) =>
      (await spool.askLease(need(1, { ...its, ...edit }))).error?.code
    expect(await codeOf(other, {})).toBe('BUDGET_MISMATCH')
    for (const edit of [{ max: 1 }, { max: 11 }, { per: 'hour' }, { grant: 'G'.repeat(43) }])
      expect(await codeOf(one, edit)).toBe('BUDGET_MISMATCH')
    expect(await one.lease(need(1, its))).toHaveLength(1)
  })

  test('is leased by a share of the rest, less the nearer the cap, down to the need', async () => {
    const spool = await opened()
    const amounts: number[] = []
    for (;;) {
      const leases = await spool.lease(need(1, { jti: 'dlg_f', max: 30, want: 64 }))
      if (leases === undefined) break
      amounts.push(leases[0]!.amount)
    }
    expect(amounts).toEqual([3, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    expect(await spool.askLease(need(0, { jti: 'dlg_f', max: 30, want: 64 }))).toEqual({ leases: [] })
  })

  test('of which another point holds what is needed is asked back, and given once it is accounted for', async () => {
    const [one, two] = [await opened(), await opened()]
    const g = { jti: 'dlg_g' }
    const [lease] = (await one.lease(need(8, g)))!
    expect(await two.askLease(need(5, g))).toEqual({ denied: 'LIMIT_LEASED' })
    const { recalled } = (await one.ship(one.add(1))).json
    expect(recalled).toEqual([lease!.id])
    const [receipt] = [one.allow([debitOf(lease!, 3)])]
    // The head comes before the receipt that it accounts for: nothing is given back yet.
    await one.ship([], [], { returns: [lease!.id] })
    expect(await two.askLease(need(5, g))).toEqual({ denied: 'LIMIT_LEASED' })
    await one.ship([receipt], [], { returns: [lease!.id] })
    expect(await two.lease(need(7, g))).toHaveLength(1)
    expect(await two.askLease(need(1, g))).toEqual({ denied: 'LIMIT_LEASED' })
  })

  test('that a lost epoch held stays spent', async () => {
    const [one, two] = [await opened(), await opened()]
    const h = { jti: 'dlg_h' }
    await one.lease(need(8, h))
    await one.open('empty')
    expect(await two.askLease(need(5, h))).toEqual({ denied: 'LIMIT_EXCEEDED' })
    expect(await two.lease(need(2, h))).toHaveLength(1)
  })

  test('is said to be near when less than a tenth is left, once', async () => {
    const spool = await opened()
    const i = { jti: 'dlg_i', max: 100 }
    await spool.lease(need(90, i))
    await spool.lease(need(1, i))
    await spool.lease(need(1, i))
    const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
    const alerts = entries.filter(
      ({ entry }: { entry: { type: string; subject?: string } }) =>
        entry.type === 'alert.raised' && entry.subject === 'dlg_i',
    )
    expect(alerts).toMatchObject([{ entry: { body: { rule: 'LIMIT_NEAR', detail: { left: 9, max: 100 } } } }])
  })
})
