/**
 * An erasure that ends at every step, by `kill -9` or because the vault failed (before and after it had stored): the
 * next start has either nothing of it, or has erased, and the log says which.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestServer, type Operator } from '../../apps/server/harness.ts'
import { STEPS, type Request, type Step } from '../fixtures/erase-and-die.ts'
import { filesWith, markedPerson, vaultKeys, type Marked } from '../fixtures/personal.ts'

const ERASER = fileURLToPath(new URL('../fixtures/erase-and-die.ts', import.meta.url))

let server: TestServer
let ann: Operator
let bob: Marked
const again: string[] = []

beforeEach(async () => {
  again.length = 0
  server = await new TestServer({ onErasedAgain: (subjects) => again.push(...subjects) }).start()
  ann = await server.enrol(server.bootstrapSecret)
  bob = await markedPerson(server, ann)
  await ann.api.post('/v1/revocations', { kind: 'person', target: bob.id, reason: 'left' })
})
afterEach(() => server.remove())

async function request(): Promise<Request> {
  const { json } = await ann.api.get(`/v1/subjects/${bob.id}/erasure?basis=request`)
  const asked = { subject: bob.id, basis: 'request' as const, approver: ann.id }
  return { asked, gesture: ann.authenticator.assert(json.challenge) }
}

/** How the eraser ended: the signal, or its exit code. */
function eraseUntil(step: Step, asked: Request): Promise<NodeJS.Signals | number | null> {
  const child = spawn(process.execPath, [ERASER, server.dataDir, step, JSON.stringify(asked)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)))
}

async function tombstones(): Promise<unknown[]> {
  const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
  return entries.filter(({ entry }: { entry: { type: string } }) => entry.type === 'subject.erased')
}

const nameOf = async (id: string): Promise<string | null> =>
  (await ann.api.get('/v1/people')).json.people.find((each: { id: string }) => each.id === id).name

test.each(STEPS.map((step) => [step] as const))('%s: nothing of it, or erased', async (step) => {
  const asked = await request()
  const keys = vaultKeys(server.dataDir, [bob.id, bob.jti])
  await server.running.close()
  expect(await eraseUntil(step, asked)).toBe(step.startsWith('the vault fails') ? 3 : 'SIGKILL')
  await server.start()
  const isNothing = step === 'in the transaction'
  expect(await tombstones()).toHaveLength(isNothing ? 0 : 1)
  expect(await nameOf(bob.id)).toBe(isNothing ? bob.markers.name : null)
  const hadKeys = [
    'after the transaction',
    "in the vault's transaction",
    'the vault fails and has not destroyed',
  ]
  expect(again.toSorted()).toEqual(hadKeys.includes(step) ? [bob.id, bob.jti].toSorted() : [])
  for (const key of keys) expect(filesWith(server.dataDir, key)).toEqual(isNothing ? ['vault.db'] : [])
  await server.restart()
  expect(await nameOf(ann.id)).toBe('First operator')
  if (!isNothing) return
  // The gesture was for this erasure, which never was: it is good for it still.
  const answer = await ann.api.post(`/v1/subjects/${bob.id}/erase`, { ...asked.gesture, basis: 'request' })
  expect(answer.json.state).toBe('erased')
  expect(await nameOf(bob.id)).toBeNull()
})
