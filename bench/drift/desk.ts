/**
 * The airline desk of tau-bench: benign runs without the texts that tools returned, so that no flow can be told. What is left
 * are tools, their labels, failures and payments.
 * @module
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import type { Labels } from '../../apps/cli/replay/traces.ts'
import type { Action } from '../../src/observe/drift/action.ts'
import { CALL_MS, type Session } from './session.ts'

const paymentsSchema = z.array(z.object({ amount: z.number() }))
const runSchema = z.object({
  id: z.string(),
  suite: z.string(),
  model: z.string(),
  task: z.int(),
  calls: z.array(z.object({ tool: z.string(), args: z.record(z.string(), z.json()) })),
})

export async function readDesk(path: string, labels: Labels): Promise<readonly Session[]> {
  const lines = createInterface({ input: createReadStream(path).pipe(createGunzip()), crlfDelay: Infinity })
  const sessions: Session[] = []
  for await (const line of lines) {
    const { id, suite, model, task, calls } = runSchema.parse(JSON.parse(line))
    const actions = calls.map(({ tool, args }, place): Action => {
      const label = labels(suite, tool)
      const payments = paymentsSchema.safeParse(args.payment_methods)
      const paid = payments.success ? payments.data.reduce((sum, { amount }) => sum + amount, 0) : null
      return {
        time_ms: place * CALL_MS,
        entry: place,
        tool: `${suite}/${tool}`,
        effect: label?.effect ?? null,
        level: label?.result.level ?? null,
        decision: label === null ? 'deny' : 'allow',
        amounts: paid === null ? {} : { 'amount/USD': Math.round(paid) },
        evidence: [],
      }
    })
    sessions.push({ record: id, suite, model, task: String(task), attack: null, actions, refused: false })
  }
  return sessions
}
