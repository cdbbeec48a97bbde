/** What every control plane keeps of memory domains, whatever database is behind it. spec/flow.md (FLW-13 to FLW-18). @module */
import { describe, expect, test } from 'vitest'
import type { Answer, Operator, TestServer } from '../../apps/server/harness.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { signDomain, type SignedDomain } from '../../src/core/domain.ts'
import { BOTTOM, TOP, type DataLabel } from '../../src/core/label.ts'
import type { DomainLease } from '../../src/ports/domains.ts'
import { Spool } from '../fixtures/spool.ts'

export const READ: DataLabel = { level: 'confidential', integrity: 'untrusted', categories: ['health'] }

/** A point that asks by hand. */
export class DomainAsker {
  readonly spool: Spool
  run = 'run-1'

  constructor(spool: Spool) {
    this.spool = spool
  }

  static async open(server: TestServer, by: Operator): Promise<DomainAsker> {
    const spool = new Spool(await server.point(by))
    await spool.open()
    return new DomainAsker(spool)
  }

  get id(): string {
    return this.spool.point.id
  }

  get #holder(): { epoch: number; run: string } {
    return { epoch: this.spool.epoch, run: this.run }
  }

  #post(path: string, body: object): Promise<Answer> {
    return this.spool.point.api.post(`/v1/points/self/domains${path}`, body)
  }

  async lease(...agents: readonly string[]): Promise<readonly DomainLease[] | null> {
    return (await this.ask(...agents.map((agent) => ({ agent })))).json.leases
  }

  ask(...domains: readonly object[]): Promise<Answer> {
    return this.#post('', { ...this.#holder, domains })
  }

  async renew(...domains: readonly { agent: string; turn: number }[]): Promise<readonly DomainLease[]> {
    return (await this.#post('/renewals', { ...this.#holder, domains })).json.leases
  }

  signed(agent: string, turn: number, taint: DataLabel): SignedDomain {
    const { api, id: point } = this.spool.point
    const time = '2026-03-01T09:30:00.000Z'
    const statement = { v: 1 as const, point, epoch: this.spool.epoch, agent, turn, taint, time }
    return signDomain(nodeCrypto.signer(api.key), statement)
  }

  handOver(...domains: readonly SignedDomain[]): Promise<Answer> {
    return this.#post('/hand-overs', { domains })
  }

  async wanted(): Promise<readonly string[]> {
    return (await this.spool.point.api.get('/v1/points/self/domains/wanted')).json.agents
  }
}

const brief = (leases: readonly DomainLease[] | null) =>
  leases?.map(({ agent, turn, begins, taint }) => [agent, turn, begins, taint]) ?? null

export function domainContract(world: () => { readonly server: TestServer; readonly ann: Operator }): void {
  const open = (): Promise<DomainAsker> => DomainAsker.open(world().server, world().ann)

  describe('a memory domain', () => {
    test('is new at the bottom, and goes on in its turn for the run that holds it', async () => {
      const one = await open()
      const agent = `agt_new_${one.id}`
      const [lease] = (await one.lease(agent))!
      expect(lease).toMatchObject({ agent, turn: 1, begins: 'new', taint: BOTTOM })
      expect(lease!.ttl_ms).toBeGreaterThan(59_000)
      expect(brief(await one.renew({ agent, turn: 1 }))).toEqual([[agent, 1, 'renewed', BOTTOM]])
      expect(await one.renew({ agent, turn: 2 })).toEqual([])
      // The answer may have been lost.
      expect(brief(await one.lease(agent))).toEqual([[agent, 1, 'renewed', BOTTOM]])
    })

    test('begins at the top for a run that does not know what the one before it read', async () => {
      const one = await open()
      const agent = `agt_run_${one.id}`
      await one.lease(agent)
      one.run = 'run-2'
      expect(brief(await one.lease(agent))).toEqual([[agent, 2, 'lapsed', TOP]])
    })

    test('passes to who asks for it, with what was read', async () => {
      const [one, two] = [await open(), await open()]
      const agent = `agt_pass_${one.id}`
      await one.lease(agent)
      const asked = two.lease(agent)
      expect(await one.wanted()).toEqual([agent])
      expect(await one.renew({ agent, turn: 1 })).toEqual([]) // it is kept for the other
      expect((await one.handOver(one.signed(agent, 1, READ))).status).toBe(200)
      expect(brief(await asked)).toEqual([[agent, 2, 'handed_over', READ]])
      await one.handOver(one.signed(agent, 1, TOP)) // once more, to no effect
      await two.handOver(two.signed(agent, 2, READ))
      expect(brief(await one.lease(agent))).toEqual([[agent, 3, 'handed_over', READ]])
    })

    test('is leased together with the others of the chain, or not at all', async () => {
      const [one, two, three] = [await open(), await open(), await open()]
      const [a, b] = [`agt_a_${one.id}`, `agt_b_${one.id}`]
      await one.lease(b)
      const asked = two.lease(a, b)
      expect(await one.wanted()).toEqual([b])
      const late = three.lease(a) // nobody holds it, and it is kept for who asked first
      await one.handOver(one.signed(b, 1, READ))
      expect(brief(await asked)).toEqual([
        [a, 1, 'new', BOTTOM],
        [b, 2, 'handed_over', READ],
      ])
      expect(await late).toBeNull()
    })

    test('is not handed over by whom it is not held, nor with less than it began with', async () => {
      const [one, two] = [await open(), await open()]
      const agent = `agt_sign_${one.id}`
      await one.lease(agent)
      await one.handOver(one.signed(agent, 1, READ))
      await one.lease(agent)
      const code = async (...signed: readonly SignedDomain[]) =>
        (await one.handOver(...signed)).json.error?.code
      expect(await code(two.signed(agent, 2, READ))).toBe('STATE_CONFLICT')
      expect(await code({ ...one.signed(agent, 2, READ), sig: 'AAAA' })).toBe('STATE_CONFLICT')
      expect(await code(one.signed(agent, 2, BOTTOM))).toBe('STATE_CONFLICT')
      expect(brief(await one.renew({ agent, turn: 2 }))).toEqual([[agent, 2, 'renewed', READ]])
      one.spool.epoch++
      expect((await one.ask({ agent })).json.error.code).toBe('RECEIPT_EPOCH')
      expect((await two.ask({ agent }, { agent })).json.error.code).toBe('STATE_CONFLICT')
    })
  })
}
