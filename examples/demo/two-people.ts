/** The scene that takes two people: a template bounds what one may delegate, and a quorum what one may alone. @module */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { DelegationInput } from '../../apps/cli/asked.ts'
import { delegate, beginDelegation } from '../../apps/cli/operator.ts'
import { approveDraft, fetchChain } from '../../apps/cli/operator-quorum.ts'
import { ApiError } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { lastDelegation } from '../../src/token/narrow.ts'
import type { Narrator } from './narrator.ts'
import { AgentProcess } from './processes.ts'
import { DemoFailed, expectAllowed } from './scenes.ts'
import { DAY_S, moveGrant, type Stage } from './stage.ts'

async function refusedOutside(stage: Stage, change: Partial<DelegationInput>, what: string, tell: Narrator) {
  const refused: unknown = await delegate(stage.manager, { ...inputOf(stage), ...change }).catch(
    (error: unknown) => error,
  )
  if (!(refused instanceof ApiError) || refused.remote !== 'OUTSIDE_TEMPLATE')
    throw new DemoFailed(`${what}: expected OUTSIDE_TEMPLATE`)
  tell.denied(what, [refused.remote])
}

function inputOf(stage: Stage): DelegationInput {
  return {
    agent: stage.agent.id,
    jkt: stage.agent.jkt,
    aud: stage.points.map((point) => point.id),
    grants: [moveGrant(stage.files)],
    ttl_s: 600,
    depth_max: 0,
    instruction: 'Move the draft to where everybody finds it.',
  }
}

/** @returns what held, for the summary */
export async function playTwoPeople(
  stage: Stage,
  tell: Narrator,
): Promise<{ template: boolean; quorum: boolean }> {
  tell.chapter('What nobody authorizes alone')
  await refusedOutside(stage, { ttl_s: 2 * DAY_S }, 'a delegation for two days, the template says one', tell)
  const anywhere = { source: { glob: `${stage.files}/**` }, destination: { glob: `${stage.files}/out/*` } }
  const wider = [{ ...moveGrant(stage.files), constraints: anywhere }]
  await refusedOutside(stage, { grants: wider }, 'a delegation to move files from anywhere', tell)

  const approvers = { m: 1, of: [stage.lead.person] }
  const { jti, chain: early } = await beginDelegation(stage.manager, { ...inputOf(stage), approvers })
  if (early !== undefined || (await fetchChain(stage.manager, jti)) !== null)
    throw new DemoFailed('a delegation that needs two people was issued to one')
  tell.step(`delegation ${jti} has the manager's gesture and waits for a second person`)
  const missing = await approveDraft(stage.lead, jti)
  const chain = await fetchChain(stage.manager, jti)
  if (missing !== 0 || chain === null) throw new DemoFailed('the second gesture did not issue the delegation')
  tell.step('the security lead reads the same bytes and makes the second gesture: it is issued')

  const agent = await AgentProcess.start(stage.agent.keyFile, stage.points[0].file, stage.files)
  await agent.ask({ op: 'open', chain })
  const destination = join(stage.files, 'out', 'draft.txt')
  const args = { source: join(stage.files, 'reports', 'draft.txt'), destination }
  expectAllowed(
    await agent.ask({ op: 'call', tool: 'move_file', args }),
    'move reports/draft.txt to out/',
    tell,
  )
  await agent.stop()
  await access(destination)
  return { template: true, quorum: standsOnTwo(chain) }
}

/** Two people, by two keys, are in the chain itself. */
function standsOnTwo(chain: string): boolean {
  const { payload } = lastDelegation(nodeCrypto, chain)
  const gestures = 'gestures' in payload ? payload.gestures : []
  return new Set(gestures.map(({ jwk }) => jwk.x)).size === 2
}
