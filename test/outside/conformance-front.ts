/**
 * TEST FIXTURE: the gateway that people start, before a server at an address, for suites that drive HTTP. It is hosted
 * (MCP-3) under a delegation of everything, since a suite holds no key: what it misses then is missing because of us.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addAgentKey, delegate, enrollPoint } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { openHttpGateway } from '../../apps/gateway/http-gateway.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { Stage } from '../fixtures/stage.ts'

const SERVER = 'conformance'
const METHODS = [
  'completion/complete',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
]

export interface ConformanceFront {
  readonly url: string
  readonly faults: readonly unknown[]
  close(): Promise<void>
}

export async function conformanceFront(upstream: string): Promise<ConformanceFront> {
  const stage = await Stage.set()
  const { manager, agent, folder } = stage
  const file = await enrollPoint(manager, SERVER, SERVER)
  await writePrivate(join(folder, 'front.json'), file)
  const key = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(key)
  await addAgentKey(manager, agent.id, publicJwk)
  const { chain } = await delegate(manager, {
    agent: agent.id,
    jkt: thumbprint(nodeCrypto, publicJwk),
    aud: [file.point],
    grants: [['*'], METHODS].map((actions) => ({ type: 'tool', server: SERVER, actions })),
    ttl_s: 3600,
    depth_max: 0,
  })
  const config = join(folder, 'countersign.yaml')
  await writeFile(
    config,
    `v: 1
point: front.json
listen: 127.0.0.1:0
servers:
  ${SERVER}:
    access: keys
    http: {url: '${upstream}'}
    limits: {sessions: 256, sessions_per_client: 256}
`,
  )
  const faults: unknown[] = []
  const gateway = await openHttpGateway({
    config,
    hosted: { chain, key },
    say: () => undefined,
    onFault: (error) => faults.push(error),
  })
  return {
    url: `${gateway.url}/servers/${SERVER}/mcp`,
    faults,
    close: async () => {
      await gateway.close()
      await stage.remove()
    },
  }
}
