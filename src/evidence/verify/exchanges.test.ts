/** Access tokens in real logs: honest, and with one thing wrong. spec/pack.md, PCK-3. @module */
import { expect, test } from 'vitest'
import { hashOf, LogBuilder, READ } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../core/jwk.ts'
import { seconds } from '../../core/time.ts'
import type { EntryBody } from '../../log/entries.ts'
import type { Grant } from '../../token/grant.ts'
import { verifyPack } from './verify.ts'

const FREE: Grant = { type: 'tool', server: 'files', actions: ['read'] }

async function faultsOf(log: LogBuilder): Promise<[string, number | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, index }) => [code, index])
}

function company(grant = FREE): { log: LogBuilder; chain: ReturnType<LogBuilder['root']> } {
  const log = new LogBuilder().company()
  return { log, chain: log.root('bot', { grants: [grant] }) }
}

test('tokens for a root and for a hop that held are in order', async () => {
  const { log, chain } = company()
  log.exchange(chain)
  log.exchange(log.hop(chain, 'worker'))
  log.revoke('delegation', chain.jti)
  expect(await faultsOf(log)).toEqual([])
})

type Body = EntryBody<'token.exchanged'>
test.each<[string, (body: Body) => Body]>([
  ['another delegation', (body) => ({ ...body, delegation: 'dlg_other' })],
  ['another agent', (body) => ({ ...body, agent: 'agt_worker' })],
  ['another key', (body) => ({ ...body, jkt: hashOf('x') })],
  ['an audience that the chain does not have', (body) => ({ ...body, aud: 'pnt_x' })],
  ['a longer life than a token may have', (body) => ({ ...body, exp: body.exp + 1 })],
  ['a chain that is not logged', (body) => ({ ...body, segment: hashOf('x') })],
])('a token with %s is named', async (_, bend) => {
  const { log, chain } = company()
  const index = log.exchange(chain, bend)
  expect(await faultsOf(log)).toEqual([['EXCHANGE_INVALID', index]])
})

test('a token that somebody else asked for is named', async () => {
  const { log, chain } = company()
  const actor = { kind: 'agent' as const, id: 'agt_worker' }
  const index = log.exchange(chain, undefined, (entry) => ({ ...entry, actor }))
  expect(await faultsOf(log)).toEqual([['EXCHANGE_INVALID', index]])
})

test('a token that outlives its chain or the bound of its grant is named', async () => {
  const log = new LogBuilder().company()
  const brief = log.exchange(log.root('bot', { grants: [FREE], ttl_s: 299 }))
  const bounded = log.root('bot', { grants: [{ ...FREE, bound: 30 }] })
  log.exchange(bounded, (body) => ({ ...body, exp: seconds(log.clock.now()) + 30 }))
  const late = log.exchange(bounded, (body) => ({ ...body, exp: seconds(log.clock.now()) + 31 }))
  expect(await faultsOf(log)).toEqual([
    ['EXCHANGE_INVALID', brief],
    ['EXCHANGE_INVALID', late],
  ])
})

test('a token for a chain that had expired is named', async () => {
  const log = new LogBuilder().company()
  const chain = log.root('bot', { grants: [FREE], ttl_s: 10 })
  log.clock.advance(10_000)
  const index = log.exchange(chain)
  expect(await faultsOf(log)).toEqual([['EXCHANGE_INVALID', index]])
})

test('a token for what is limited cumulatively is named', async () => {
  const { log, chain } = company(READ)
  const index = log.exchange(chain)
  expect(await faultsOf(log)).toEqual([['EXCHANGE_INVALID', index]])
})

test.each(['delegation', 'agent', 'key', 'person'] as const)(
  'a token given after the %s behind it was revoked is named, without a bound',
  async (kind) => {
    const { log, chain } = company()
    const key = thumbprint(nodeCrypto, log.world.signer('bot').publicJwk)
    const handles = { delegation: chain.jti, agent: 'agt_bot', key, person: 'rev_alice' }
    log.revoke(kind, handles[kind])
    const index = log.exchange(chain)
    expect(await faultsOf(log)).toEqual([['EXCHANGE_INVALID', index]])
  },
)

test('an identifier that is given to two tokens is named', async () => {
  const { log, chain } = company()
  log.exchange(chain, (body) => ({ ...body, jti: 'tok_same' }))
  const index = log.exchange(chain, (body) => ({ ...body, jti: 'tok_same' }))
  expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', index]])
})

test('a token for a chain of an agent that nobody approved is named', async () => {
  const log = new LogBuilder().company()
  log.propose('stranger')
  log.activate('stranger')
  const chain = log.root('stranger', { grants: [FREE] })
  const index = log.exchange(chain)
  expect(await faultsOf(log)).toContainEqual(['AGENT_NOT_APPROVED', index])
})
