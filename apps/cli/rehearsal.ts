/** The tests of a pack over what a control plane serves, without a pack. spec/readiness.md (RDY-6). @module */
import { httpTiles } from '../../src/adapters/http/tiles.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Period } from '../../src/evidence/populations/definition.ts'
import { rehearse } from '../../src/evidence/readiness/rehearse.ts'
import type { TestResults } from '../../src/evidence/tests/result.ts'
import { readInfo } from './operator.ts'
import { progress } from './output.ts'
import { settledCheckpoint } from './pack-of.ts'
import type { Profile } from './profile.ts'

export async function rehearsal(profile: Profile, period: Period): Promise<TestResults> {
  const { log_vkey: vkey } = await readInfo(profile.url)
  const checkpoint = await settledCheckpoint(profile, vkey)
  const source = { tiles: httpTiles(profile.client), vkey, checkpoint }
  return rehearse(nodeCrypto, source, period, (n, of) => progress(`${n} of ${of} entries`))
}
