/**
 * The scene about what leaves: three outputs in three roles, one held until somebody has looked, a rubber stamp that counts
 * for nothing, an error that was planted and can never leave, and a commit that a git server refuses until
 * somebody has signed.
 * @module
 */
import { join } from 'node:path'
import { connect, release, type Guard } from 'countersign'
import { addSystem, delegate, endorse, enroll, enrollPointAs, invite } from '../../apps/cli/operator.ts'
import {
  approveOutputPolicy,
  attestOutput,
  coverageOf,
  openReview,
  proposeOutputPolicy,
  registerWritten,
  releaseOutput,
  sawReview,
} from '../../apps/cli/operator-outputs.ts'
import { openProfile, writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import type { OutputPolicy } from '../../src/core/output.ts'
import { measured } from '../../src/enforce/measured.ts'
import { expectRole, look } from './look.ts'
import type { Narrator } from './narrator.ts'
import { playPush, reviewedBy } from './push.ts'
import { DemoFailed } from './scenes.ts'
import { giveRole, addAgent, type Stage } from './stage.ts'

const SERVER = 'letters'
const DAY_MS = 86_400_000

const LETTER =
  'Dear Ms Lind, your refund of 42 euros was paid this morning. We are sorry that it took so long.'
const OWN =
  'Dear Ms Lind, this was our fault and I apologise. I have paid the 42 euros myself; call me if they are late. Mona'

export interface OutputsPlayed {
  readonly outputs: boolean
  /** Null: there is no git here. */
  readonly push: boolean | null
}

export async function playOutputs(stage: Stage, tell: Narrator): Promise<OutputsPlayed> {
  tell.chapter('What leaves, and who stands behind it')
  const { manager, lead, control } = stage
  const { invitation } = await invite(manager, 'Reviewer')
  const reviewer = openProfile(await enroll(control.url, invitation, 'Reviewer'))
  await endorse(manager, reviewer.person)
  await giveRole(reviewer, 'approver', manager)
  const policy = policyOf(manager, [lead, reviewer])
  await approveOutputPolicy(lead, await proposeOutputPolicy(manager, policy))
  tell.step(
    'output policy in force: letters and commits wait for a review, status mails are let go and counted',
  )
  const { guard, jti } = await agentOf(stage)
  const mail = await release('All 12 refunds are paid.', { where: guard, kind: 'status_mail' })
  expectRole(mail, 'directed', 'an output leaves', tell)
  const draft = await reviewedLetter(guard, [lead, reviewer], tell)
  const written = await registerWritten(manager, {
    kind: 'letter',
    name: 'letter.txt',
    bytes: utf8(OWN),
    form: 'text',
    draft,
    jti,
  })
  const own = await attestOutput(manager, written)
  await releaseOutput(manager, written)
  tell.good(`the manager rewrote the letter: ${own.outcome}, as its author`)
  const seed = await signedSeed(stage, reviewer, tell)
  const push = await playPush(stage.folder, reviewedBy(reviewer, guard, tell), tell)
  await guard.close()
  const covered = await isCovered(manager, push === null ? 3 : 4, tell)
  return { outputs: own.outcome === 'issued' && seed && covered, push }
}

function policyOf(owner: Profile, reviewers: readonly Profile[]): OutputPolicy {
  const trained_until = new Date(Date.now() + DAY_MS).toISOString()
  const kind = {
    tools: [],
    reviewers: reviewers.map(({ person }) => ({ person, trained_until })),
    owner: owner.person,
  }
  return {
    v: 1,
    separation: 'independent',
    kinds: [
      { ...kind, kind: 'letter', minimum: 'supervised', release: 'gate' },
      { ...kind, kind: 'commit', minimum: 'supervised', release: 'gate' },
      { ...kind, kind: 'status_mail', minimum: 'directed', release: 'cover' },
    ],
  }
}

async function agentOf({ manager, lead, folder }: Stage): Promise<{ guard: Guard; jti: string }> {
  const system = await addSystem(manager, 'Letters')
  const { id, jkt, keyFile } = await addAgent(manager, lead, folder, system, 'letter-writer', 'clerk')
  const enrolled = await enrollPointAs('in_process', manager, 'letters', [SERVER])
  const point = join(folder, 'letters.point.json')
  await writePrivate(point, enrolled)
  const { jti, chain } = await delegate(manager, {
    agent: id,
    jkt,
    aud: [enrolled.point],
    grants: [{ type: 'tool', server: SERVER, actions: ['read'] }],
    ttl_s: 600,
    depth_max: 0,
    instruction: 'Answer customers, and send me the status mail every night.',
  })
  return { guard: await connect({ point, key: keyFile, chain }), jti }
}

/** @returns the output */
async function reviewedLetter(
  guard: Guard,
  [hasty, careful]: readonly [Profile, Profile],
  tell: Narrator,
): Promise<string> {
  const waits = Promise.withResolvers<string>()
  const answer = release(LETTER, {
    where: guard,
    kind: 'letter',
    onReview: ({ output }) => waits.resolve(output),
  })
  const output = await waits.promise
  tell.step('a letter is held until somebody has looked at it')
  await sawReview(hasty, await openReview(hasty, output))
  const stamped = await attestOutput(hasty, output)
  if (stamped.outcome !== 'flagged') throw new DemoFailed(`a rubber stamp was ${stamped.outcome}`)
  tell.good('the security lead signs without looking: flagged, and the letter is held all the same')
  await look(careful, output, LETTER)
  const { outcome } = await attestOutput(careful, output)
  if (outcome !== 'issued') throw new DemoFailed(`a review was ${outcome}`)
  tell.good('another person looks, and signs')
  expectRole(await answer, 'supervised', 'an output leaves', tell)
  return output
}

async function signedSeed({ manager }: Stage, reviewer: Profile, tell: Narrator): Promise<boolean> {
  const content = 'Dear Ms Lind, your refund of 4,200,000 euros was paid this morning.'
  const { client } = manager
  const { seed } = (await client.post('/v1/seeds', { kind: 'letter' })) as { seed: string }
  const { subject } = measured(nodeCrypto, content, { kind: 'letter' })
  const body = { subject: subject.map((one) => ({ ...one })), content, calls: [] }
  const { output } = (await client.post(`/v1/seeds/${seed}/plant`, body)) as { output: string }
  await look(reviewer, output, content)
  const { outcome } = await attestOutput(reviewer, output)
  const left = await releaseOutput(manager, output).then(
    () => true,
    () => false,
  )
  if (outcome === 'seed' && !left) tell.good('a planted error is signed: it is revealed, and can never leave')
  return outcome === 'seed' && !left
}

async function isCovered(manager: Profile, left: number, tell: Narrator): Promise<boolean> {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const period = { from: day(Date.now() - DAY_MS), to: day(Date.now() + DAY_MS) }
  const { rows } = await coverageOf(manager, 'kind', period)
  const sum = (of: 'released' | 'uncovered'): number => rows.reduce((n, row) => n + row[of], 0)
  tell.good(`${sum('released')} outputs left, ${sum('uncovered')} without an attestation`)
  return sum('released') === left && sum('uncovered') === 0
}
