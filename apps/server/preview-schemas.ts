/** What an auditor's preview answers with. spec/preview.md, spec/api.md. @module */
import { z } from '@hono/zod-openapi'
import { OUTCOMES, testResultSchema } from '../../src/evidence/tests/result.ts'
import {
  aboutSchema,
  commentedSchema,
  LOOKED_ID_MAX,
  previewScopeSchema,
} from '../../src/log/preview-bodies.ts'
import { WORDS_MAX } from '../../src/registry/preview-acts.ts'

const count = z.int().nonnegative()
const record = z.record(z.string(), z.unknown())

/** PRV-13. */
export const words = z.string().min(1).max(WORDS_MAX)
export const lookedId = z.string().min(1).max(LOOKED_ID_MAX)
/** Where a page begins. */
export const fromQuery = z.strictObject({ from: z.coerce.number().int().nonnegative().default(0) })

export const treeShown = z.object({
  origin: z.string(),
  simulated: z.boolean(),
  end: count,
  /** base64 */
  root: z.string(),
  /** Of the last entry in it. */
  time: z.string(),
  period: z.object({ from: z.string(), to: z.string() }),
  /** The period is not over: the answer may change. */
  interim: z.boolean(),
  /** What the verifier said of the pack that this is read from. */
  integrity: z.boolean(),
  faults_n: count,
})

export const previewShown = z.object({
  preview: z.string(),
  status: z.enum(['waiting', 'granted', 'revoked', 'expired']),
  /** Null: erased. */
  auditor: z.string().nullable(),
  firm: z.string().nullable(),
  ...previewScopeSchema.shape,
  proposer: z.string(),
  holder: z.enum(['key', 'passkey']).nullable(),
  looks_n: count,
  looked: z.string().nullable(),
})

/** Its deviations are in an answer of their own. */
const testShown = z.object(testResultSchema.omit({ deviations: true }).shape)
export const populationShown = z.object({
  name: z.string(),
  definition: z.string(),
  query: z.string(),
  count,
  sha256: z.string(),
})
const controlShown = z.object({
  id: z.string(),
  title: z.string(),
  statement: z.string(),
  owner: z.string(),
  frequency: z.string(),
  tests: z.array(z.object({ number: z.int(), procedure: z.string() })),
  /** How it works, in sentences; each with what it rests on. */
  narrative: z.array(
    z.object({
      text: z.string(),
      entries: z.array(z.int()),
      tests: z.array(z.int()),
      populations: z.array(z.string()),
    }),
  ),
})

export const overviewShown = z.object({
  criteria: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      controls: z.array(z.string()),
      tests: z.array(z.int()),
    }),
  ),
  controls: z.array(controlShown),
  tests: z.array(testShown),
  populations: z.array(populationShown),
  not_checked: z.array(z.string()),
})

export const testPage = testResultSchema.extend({ result: z.enum(OUTCOMES), from: count })
export const rowsPage = populationShown.extend({ from: count, rows: z.array(record) })
export const entryShown = z.object({
  index: count,
  /** As the log has it, JCS. */
  text: z.string(),
  /** base64, from the leaf's sibling up. */
  proof: z.array(z.string()),
})
export const actionShown = z.object({
  action: z.string(),
  decisions: z.array(record),
  decided_by: z.array(record),
  outcome: z.string(),
  who: z.array(record),
  scope: z.array(record),
  entries: z.array(entryShown),
})

export const requestShown = z.object({
  request: z.string(),
  preview: z.string(),
  about: aboutSchema.nullable(),
  opened: z.string(),
  /** Null: erased. */
  text: z.string().nullable(),
  outcome: z.enum(['provided', 'declined']).nullable(),
  answer: z.string().nullable(),
  person: z.string().nullable(),
  answered: z.string().nullable(),
})
export const commentShown = z.object({
  entry: count,
  about: commentedSchema,
  /** Null: the auditor. */
  person: z.string().nullable(),
  time: z.string(),
  text: z.string().nullable(),
})
