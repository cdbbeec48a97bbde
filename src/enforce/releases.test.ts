import { expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import type { OutputState } from '../ports/outputs.ts'
import type { DecidedChain } from '../token/verify.ts'
import type { Authenticator } from './authenticate.ts'
import { Releases, type ReleaseAnswer } from './releases.ts'

const chain = { delegations: [{ agent: { id: 'agt_a' } }] } as unknown as DecidedChain

/** What the release of an output comes to that stands so. */
function answerTo(role: OutputState['role'], isOverseen: boolean): Promise<ReleaseAnswer> {
  const state = { output: 'out_a', released: true, role, attestation: null, url: '' }
  const authenticator = { viewed: () => ({ reason: null, chain }) } as unknown as Authenticator
  const releases = new Releases({
    crypto: nodeCrypto,
    clock: { now: () => 0, monotonic: () => 0 },
    authenticator,
    standingOf: () => [],
    isOverseen: () => isOverseen,
    outputs: { release: () => Promise.resolve(state) },
    kinds: () => ['letter'],
    onFault: (error) => {
      throw error
    },
  })
  return releases.release('ses_a', { kind: 'letter', subject: [] })
}

test('what an overseen agent releases and nobody looked at stays (ISO-9)', async () => {
  expect(await answerTo(null, true)).toMatchObject({ decision: 'deny', reasons: ['OVERSIGHT'] })
  expect(await answerTo('supervised', true)).toMatchObject({ decision: 'allow' })
  expect(await answerTo(null, false)).toMatchObject({ decision: 'allow' })
})
