/** Approvals of narratives, as a pack shows and a verifier judges them. spec/narratives.md (NAR-13) */
import { expect, test } from 'vitest'
import { approveNarrative } from '../../../test/fixtures/narrative-acts.ts'
import { ALICE, BOB } from '../../../test/fixtures/history.ts'
import { textOf } from '../../../test/fixtures/reported.ts'
import { packedOf, toldLog, type ToldPack } from '../../../test/fixtures/told.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { readNarratives } from '../companions/narratives/schema.ts'
import { verifyPack } from './verify.ts'

const log = toldLog()
const CONTROL = 'CSN-DR-05'

function narrativeIn({ files }: ToldPack) {
  const { controls } = readNarratives(files.get('narratives.json') ?? new Uint8Array(0))
  return controls.find(({ control }) => control === CONTROL)
}

async function faultsOf(pack: ToldPack): Promise<[string, number | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, pack.bytes, pack.vkey)
  return report.faults
    .filter(({ code }) => code !== 'OUTPUT_UNATTESTED')
    .map(({ code, index }) => [code, index])
}

test('a narrative is approved by nobody, then current, then outdated once it says something else', async () => {
  const before = await packedOf(log)
  expect(narrativeIn(before)?.approval).toBeNull()
  const digest = narrativeIn(before)?.digest ?? ''

  const entry = approveNarrative(log.control, { control: CONTROL, digest })
  const approved = await packedOf(log)
  expect(narrativeIn(approved)?.digest).toBe(digest)
  expect(narrativeIn(approved)?.approval).toMatchObject({ entry, current: true })
  expect(textOf(approved, 'narratives.html')).toContain(
    `current: by <code>${log.control.person(BOB).id}</code>`,
  )
  expect(await faultsOf(approved)).toEqual([])

  const later = approveNarrative(log.control, { control: CONTROL, digest: 'f'.repeat(64) })
  const outdated = await packedOf(log)
  expect(narrativeIn(outdated)?.approval).toMatchObject({ entry: later, current: false })
  expect(textOf(outdated, 'narratives.html')).toContain('OUTDATED: it changed since ')
})

test.each([
  ['by who proposed it', { by: ALICE }],
  ['of another digest than was proposed', { digest: 'e'.repeat(64) }],
  ['of another proposal', { proposal: 0 }],
] as const)('an approval %s is named', async (_, bend) => {
  const forged = toldLog()
  const entry = approveNarrative(forged.control, { control: CONTROL, digest: 'd'.repeat(64) }, bend)
  expect(await faultsOf(await packedOf(forged))).toEqual([['APPROVAL_INVALID', entry]])
})
