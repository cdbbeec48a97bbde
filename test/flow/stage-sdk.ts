/** A point for the SDK on a flow stage: enrolled for where it stands, with a chain beside the agent's key. @module */
import { join } from 'node:path'
import { addAgentKey, agentStatement, delegate, enrollPointAs } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import type { PointFile } from '../../apps/gateway/point-file.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, PublicJwk } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { Grant } from '../../src/token/grant.ts'
import type { FlowStage } from './stage.ts'

/** Of the examples: notes may be read under `public/`, and two may be written. */
export const NOTE_GRANTS: readonly Grant[] = [
  { type: 'tool', server: 'notes', actions: ['read_note'], constraints: { path: { glob: 'public/**' } } },
  {
    type: 'tool',
    server: 'notes',
    actions: ['write_note'],
    constraints: { path: { glob: 'public/**' } },
    limits: [{ measure: 'calls', unit: '1', max: 2, per: 'delegation' }],
  },
]

export interface SdkPoint {
  /** Enrolment file. */
  readonly point: string
  /** Key file; the chain lies beside it. */
  readonly key: string
  readonly id: string
  readonly jti: string
}

export async function sdkPoint(
  stage: FlowStage,
  name: string,
  placement: PointFile['placement'],
  grants: readonly Grant[] = NOTE_GRANTS,
  options: { readonly server?: string; readonly depth_max?: number } = {},
): Promise<SdkPoint> {
  const { manager, agent, folder } = stage
  const enrolled = await enrollPointAs(placement, manager, name, [options.server ?? 'notes'])
  const point = join(folder, `${name}.point.json`)
  await writePrivate(point, enrolled)
  const jwk = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(jwk)
  await addAgentKey(manager, agent, publicJwk)
  const key = join(folder, `${name}.key.json`)
  await writePrivate(key, { ...jwk })
  const jkt = thumbprint(nodeCrypto, publicJwk)
  const aud = [enrolled.point]
  const input = { agent, jkt, aud, grants: [...grants], ttl_s: 600, depth_max: options.depth_max ?? 0 }
  const { jti, chain } = await delegate(manager, input)
  await writePrivate(join(folder, `${name}.chain`), `${chain}\n`)
  return { point, key, id: enrolled.point, jti }
}

export interface SubAgent {
  readonly key: PrivateJwk
  readonly publicJwk: PublicJwk
  readonly statement: string
}

/** Another key of the stage's agent, with the issuer's statement about it. */
export async function subAgent({ manager, agent }: FlowStage): Promise<SubAgent> {
  const key = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(key)
  await addAgentKey(manager, agent, publicJwk)
  return {
    key,
    publicJwk,
    statement: await agentStatement(manager, agent, thumbprint(nodeCrypto, publicJwk)),
  }
}
