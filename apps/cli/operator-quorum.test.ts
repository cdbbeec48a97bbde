/** What a person asks of the control plane while another one acts there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { delegationOf, TestServer, type Caller, type Operator } from '../server/harness.ts'
import { checkedAuthenticator } from './ceremony.ts'
import { waitForChain } from './operator-quorum.ts'
import type { Profile } from './profile.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let agent: { id: string; key: Caller }
let point: { id: string }

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = await server.agent(ann, ben)
  point = await server.point(ann)
})
afterAll(() => server.remove())

/** Lets something happen right after an answer has come, which is before whatever is asked next. */
class Interrupted extends ApiClient {
  asked = 0
  afterwards: (asked: number) => Promise<void> = async () => undefined

  override async get(path: string): Promise<JsonValue> {
    try {
      return await super.get(path)
    } finally {
      await this.afterwards(++this.asked)
    }
  }
}

function profileOf({ id, api, authenticator }: Operator): Profile & { readonly client: Interrupted } {
  const url = server.base()
  const signer = nodeCrypto.signer(api.key)
  return {
    person: id,
    url,
    client: new Interrupted({ url, crypto: nodeCrypto, clock: systemClock, signer }),
    authenticator: checkedAuthenticator(async (challenge) => authenticator.assert(challenge)),
    usesBrowser: false,
  }
}

async function stand(by: Operator, jti: string, how: 'seal' | 'approve'): Promise<unknown> {
  const path = `/v1/delegations/drafts/${jti}`
  const { json } = await by.api.get(path)
  return (await by.api.post(`${path}/${how}`, by.authenticator.assert(json.challenge))).json
}

test.each([1, 2, 3])(
  'who waits has the chain, also when the last approval comes after request %i',
  async (n) => {
    const asked = { ...delegationOf(agent, point.id), approvers: { m: 1, of: [ben.id] } }
    const { jti } = (await ann.api.post('/v1/delegations/drafts', asked)).json
    expect(await stand(ann, jti, 'seal')).toEqual({ jti, missing: 1 })
    const profile = profileOf(ann)
    profile.client.afterwards = async (count) => {
      if (count === n) expect(await stand(ben, jti, 'approve')).toEqual({ jti, missing: 0 })
    }
    const chain = await waitForChain(profile, jti)
    expect(chain).toBe((await ann.api.get(`/v1/delegations/${jti}`)).json.chain)
  },
)
