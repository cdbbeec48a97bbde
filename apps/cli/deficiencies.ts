/** Deviations and deficiencies, as operators see to them. One function an act, as in operator.ts. @module */
import { z } from 'zod'
import { fromUtf8 } from '../../src/core/encoding.ts'
import { parseJson, type JsonObject } from '../../src/core/json.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import type { Period } from '../../src/evidence/populations/definition.ts'
import { RESULTS_FILE, testResultsSchema, type Deviation } from '../../src/evidence/tests/result.ts'
import { evaluationSchema, type Evaluation } from '../../src/log/deficiency-bodies.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import { packOf } from './pack-of.ts'
import type { Profile } from './profile.ts'

/** Of a file of results. */
const RESULTS_LIMITS = { bytes_max: 512 * 1024 * 1024, depth_max: 16 }

const at = z.int().nullable()
const evaluation = z.object({
  id: z.string(),
  deviation: z.string(),
  said: evaluationSchema,
  proposer: z.string(),
  proposal: z.int(),
  signer: z.string().nullable(),
  signed: at,
})
export type EvaluationView = z.infer<typeof evaluation>
const deficiency = z.object({
  id: z.string(),
  criteria: z.array(z.string()),
  deviation: z.string().nullable(),
  opener: z.string(),
  owner: z.string().nullable(),
  title: z.string().nullable(),
  status: z.enum(['open', 'repaired', 'retested', 'closed']),
  opened: z.int(),
  due: z.int(),
  closed: at,
  repairer: z.string().nullable(),
})
export type DeficiencyView = z.infer<typeof deficiency>
const detail = deficiency.extend({
  notes: z.array(
    z.object({
      entry: z.int(),
      phase: z.string(),
      author: z.string(),
      time: z.int(),
      text: z.string().nullable(),
    }),
  ),
})
export type DeficiencyDetail = z.infer<typeof detail>

export interface ListedDeviation extends Deviation {
  readonly test: number
}

/** Says nothing of whether the pack verifies. @throws {CliError} `ARGUMENT_INVALID`: it is no pack */
export function deviationsIn(pack: Uint8Array): ListedDeviation[] {
  const file = readArchive(pack).get(RESULTS_FILE)
  const read =
    file === undefined ? null : testResultsSchema.safeParse(parseJson(fromUtf8(file), RESULTS_LIMITS))
  if (read?.success !== true)
    throw new CliError(
      'ARGUMENT_INVALID',
      'the file is not a pack of this version: give the file that "countersign evidence build … -o FILE" wrote',
    )
  return read.data.tests.flatMap(({ number, deviations }) =>
    deviations.map((each) => ({ ...each, test: number })),
  )
}

/** Runs the tests over the log as it is now. */
export async function deviationsOf(profile: Profile, period: Period): Promise<ListedDeviation[]> {
  const { bytes } = await packOf(profile, period)
  return deviationsIn(bytes)
}

export async function listEvaluations(profile: Profile, deviation: string | null): Promise<EvaluationView[]> {
  const query = deviation === null ? '' : `?deviation=${encodeURIComponent(deviation)}`
  const answer = await profile.client.get(`/v1/evaluations${query}`)
  return z.object({ evaluations: z.array(evaluation) }).parse(answer).evaluations
}

export async function proposeEvaluation(profile: Profile, said: Evaluation): Promise<string> {
  const answer = await profile.client.post('/v1/evaluations', { ...said })
  return z.object({ evaluation: z.string() }).parse(answer).evaluation
}

export async function signEvaluation(profile: Profile, id: string): Promise<void> {
  const what = { act: 'evaluation.sign', evaluation: id }
  const ends = { show: 'signing', take: 'sign' }
  await approveAt(profile, `/v1/evaluations/${encodeURIComponent(id)}`, what, ends)
}

const PATH = '/v1/deficiencies'
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`

export async function listDeficiencies(profile: Profile, open: boolean): Promise<DeficiencyView[]> {
  const answer = await profile.client.get(`${PATH}${open ? '?open=true' : ''}`)
  return z.object({ deficiencies: z.array(deficiency) }).parse(answer).deficiencies
}

export async function showDeficiency(profile: Profile, id: string): Promise<DeficiencyDetail> {
  return detail.parse(await profile.client.get(pathOf(id)))
}

export async function openDeficiency(profile: Profile, opening: JsonObject): Promise<string> {
  const answer = await profile.client.post(PATH, opening)
  return z.object({ deficiency: z.string() }).parse(answer).deficiency
}

export async function assignDeficiency(
  profile: Profile,
  id: string,
  owner: string,
  due: string,
): Promise<void> {
  await profile.client.post(`${pathOf(id)}/assign`, { owner, due })
}

export async function noteDeficiency(profile: Profile, id: string, said: JsonObject): Promise<void> {
  await profile.client.post(`${pathOf(id)}/notes`, said)
}

export async function retestDeficiency(profile: Profile, id: string, said: JsonObject): Promise<boolean> {
  const answer = await profile.client.post(`${pathOf(id)}/retest`, said)
  return z.object({ acted_alone: z.boolean() }).parse(answer).acted_alone
}

export async function closeDeficiency(profile: Profile, id: string): Promise<void> {
  const what = { act: 'deficiency.close', deficiency: id }
  await approveAt(profile, pathOf(id), what, { show: 'closing', take: 'close' })
}
