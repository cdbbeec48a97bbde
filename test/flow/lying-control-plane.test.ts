/** A command line in front of a control plane that asks for a gesture over something else: it signs nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approveIssuer, proposeIssuer } from '../../apps/cli/issuers.ts'
import {
  approveAgent,
  beginDelegation,
  delegate,
  endorse,
  invite,
  enroll,
  proposeAgent,
} from '../../apps/cli/operator.ts'
import { approveDraft, approveTemplate, proposeTemplate } from '../../apps/cli/operator-quorum.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import type { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import type { ForeignIssuer } from '../../src/core/issuer.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { ACT_TAG, ROOT_TAG } from '../../src/token/constants.ts'
import { discloseGrant, disclosureDigest } from '../../src/token/disclosure.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { readGrant, setFlowStage, type FlowStage } from './stage.ts'

interface Draft extends JsonObject {
  readonly challenge: string
  readonly shown: {
    readonly header: JsonObject
    readonly payload: JsonObject
    readonly disclosures: readonly string[]
  }
}
interface Asked extends JsonObject {
  readonly challenge: string
  readonly act: JsonObject
}

/** The same person, who hears bent answers; whatever carries a gesture would be seen. */
function lying(
  profile: Profile,
  bend: (answer: JsonValue) => JsonValue,
): { profile: Profile; sent: string[] } {
  const sent: string[] = []
  const client = {
    get: async (path: string) => bend(await profile.client.get(path)),
    post: async (path: string, body: JsonObject) => {
      if ('signature' in body) sent.push(path)
      return bend(await profile.client.post(path, body))
    },
  }
  return { profile: { ...profile, client: client as unknown as ApiClient }, sent }
}

describe('a control plane that asks for a gesture over', () => {
  let stage: FlowStage
  beforeAll(async () => {
    stage = await setFlowStage()
  })
  afterAll(() => stage.remove())

  const resigned = (shown: Draft['shown']): JsonObject => ({
    challenge: challengeOf(nodeCrypto, ROOT_TAG, { header: shown.header, payload: shown.payload }),
    shown,
  })
  const payloadWith = (edit: (payload: JsonObject) => JsonObject) => (draft: Draft) =>
    resigned({ ...draft.shown, payload: { ...draft.shown.payload, ...edit(draft.shown.payload) } })

  test.each<[string, (draft: Draft) => JsonObject]>([
    ['a longer life', payloadWith(({ exp }) => ({ exp: Number(exp) + 1 }))],
    ['more hops', payloadWith(() => ({ depth_max: 8 }))],
    ['another agent', payloadWith(() => ({ agent: { id: 'agt_other', class: 'x', manifest: 'x' } }))],
    ['another place', payloadWith(() => ({ aud: ['pnt_other'] }))],
    [
      'another key',
      payloadWith(() => ({
        cnf: { jwk: { ...nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk } },
      })),
    ],
    [
      'a wider grant',
      ({ shown }) => {
        const wide = discloseGrant(nodeCrypto, { type: 'tool', server: 'files', actions: ['*'] })
        const authorization_details = [{ '...': disclosureDigest(nodeCrypto, wide) }]
        return resigned({
          ...shown,
          payload: { ...shown.payload, authorization_details },
          disclosures: [wide],
        })
      },
    ],
    ['a grant that it hides', ({ shown }) => resigned({ ...shown, disclosures: [] })],
    ['what it does not show', ({ shown }) => ({ shown, challenge: 'A'.repeat(43) })],
  ])('%s gets none', async (_, bend) => {
    const { folder, agent, jkt, point, manager } = stage
    const liar = lying(manager, (answer) => ({ ...(answer as Draft), ...bend(answer as Draft) }))
    const input = { agent, jkt, aud: [point], grants: [readGrant(folder)], ttl_s: 600, depth_max: 0 }
    await expect(delegate(liar.profile, input)).rejects.toMatchObject({ code: 'GESTURE_MISMATCH' })
    expect(liar.sent).toEqual([])
  })

  test.each<[string, (asked: Asked) => JsonObject]>([
    ['another act', ({ act }) => ({ ...act, act: 'person.endorse' })],
    ['somebody or something else', ({ act }) => ({ ...act, agent: 'agt_other', person: 'per_other' })],
    ['an act of somebody else', ({ act }) => ({ ...act, approver: 'per_other', endorser: 'per_other' })],
  ])('%s gets none', async (name, bend) => {
    const liar = lying(stage.manager, (answer) => {
      const act = name === 'another act' ? { ...bend(answer as Asked), act: 'x' } : bend(answer as Asked)
      return { act, challenge: challengeOf(nodeCrypto, ACT_TAG, act) }
    })
    const manifest = { version: 1 }
    const proposal = { name: 'other', class: 'assistant', purpose: 'p', systems: [], manifest }
    const agent = await proposeAgent(stage.manager, proposal)
    await expect(approveAgent(liar.profile, agent)).rejects.toMatchObject({ code: 'GESTURE_MISMATCH' })
    const { person, invitation } = await invite(stage.manager, 'Somebody')
    await enroll(stage.server.url, invitation, 'Somebody')
    await expect(endorse(liar.profile, person)).rejects.toMatchObject({ code: 'GESTURE_MISMATCH' })
    expect(liar.sent).toEqual([])
  })

  test('a quorum with fewer people than were asked for, a template or a draft that is another gets none', async () => {
    const { folder, agent, jkt, point, manager } = stage
    const { invitation } = await invite(manager, 'Second')
    const second = openProfile(await enroll(stage.server.url, invitation, 'Second'))
    await endorse(manager, second.person)
    const approvers = { m: 1, of: [second.person] }
    const input = {
      agent,
      jkt,
      aud: [point],
      grants: [readGrant(folder)],
      ttl_s: 600,
      depth_max: 0,
      approvers,
    }
    const alone = lying(manager, (answer) => {
      const { quorum: _, ...payload } = (answer as Draft).shown.payload
      return { ...(answer as Draft), ...resigned({ ...(answer as Draft).shown, payload }) }
    })
    await expect(beginDelegation(alone.profile, input)).rejects.toMatchObject({ code: 'GESTURE_MISMATCH' })

    const [one, two] = [await beginDelegation(manager, input), await beginDelegation(manager, input)]
    const other = await second.client.get(`/v1/delegations/drafts/${two.jti}`)
    const swapped = lying(second, () => other)
    await expect(approveDraft(swapped.profile, one.jti)).rejects.toMatchObject({ code: 'GESTURE_MISMATCH' })

    const widest = { class: '*', ttl_s_max: 3600, depth_max: 1, grants: null, approvals: null }
    const template = await proposeTemplate(manager, widest)
    const another = lying(second, (answer) => {
      const act = { ...(answer as Asked).act, template: 'tpl_other' }
      return { act, challenge: challengeOf(nodeCrypto, ACT_TAG, act) }
    })
    await expect(approveTemplate(another.profile, template)).rejects.toMatchObject({
      code: 'GESTURE_MISMATCH',
    })
    expect([...alone.sent, ...swapped.sent, ...another.sent]).toEqual([])
  })

  test('another record of an issuer than was read, or the approval of another person, gets none', async () => {
    const key = (): PublicJwk => nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
    const record = (): ForeignIssuer => ({
      iss: 'other.example/log',
      rp_id: 'other.example',
      origins: ['https://other.example'],
      keys: [{ jwk: key() }],
      control_plane: 'https://other.example',
      frame_key: key(),
    })
    const issuer = record()
    const id = await proposeIssuer(stage.manager, issuer)
    const edits = [{ issuer: JSON.parse(JSON.stringify(record())) as JsonObject }, { approver: 'per_other' }]
    for (const edit of edits) {
      const liar = lying(stage.manager, (answer) => {
        const act = { ...(answer as Asked).act, ...edit }
        return { act, challenge: challengeOf(nodeCrypto, ACT_TAG, act) }
      })
      await expect(approveIssuer(liar.profile, { id, issuer })).rejects.toMatchObject({
        code: 'GESTURE_MISMATCH',
      })
      expect(liar.sent).toEqual([])
    }
  })
})
