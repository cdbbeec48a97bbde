/**
 * Proposes a label for a tool from its definition: name, description, schemas, annotations. spec/labels.md (LBL-8).
 * Pure, and never from what a tool did: whoever reads a label can hold it against the definition alone.
 * Invariant: where it is unsure it is strict, and says where a person should look. What a server says of its own tool
 * makes the label stricter, never laxer, but where its name says nothing.
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import { isAbove, type Level, type ToolLabel } from '../../core/label.ts'
import type { LabelFile } from '../label-file.ts'
import { readDefinition, type Definition } from './definition.ts'
import { destinationsOf } from './destination.ts'
import type { Domain } from './domains.ts'
import { judgeEffect, type Judged } from './effect.ts'
import { fieldsOf } from './fields.ts'
import { wordsOf } from './names.ts'
import { parameterOf, type Parameter } from './parameters.ts'
import { judgeResult } from './result.ts'
import { subjectsOf } from './subjects.ts'
import { verbIn } from './verbs.ts'

export type Suggestion = LabelFile['tools'][number]

/** @param listed as `tools/list` has it. @returns null: what is listed has no name */
export function suggestLabel(listed: JsonObject): Suggestion | null {
  const tool = readDefinition(listed)
  if (tool === null) return null
  const words = wordsOf(tool.name)
  const parameters = parametersOf(tool, words)
  const judged = judgeEffect(tool, words, parameters)
  const result = judgeResult(tool, words, judged, parameters)
  const to = destinationsOf(judged, parameters, words)
  const fields = fieldsOf(tool.output, result.result)
  const subjects = subjectsOf(parameters, tool.output, result)
  const accepts = acceptsOf(tool, judged, parameters, result.domains)
  const label: ToolLabel = {
    v: 1,
    result: {
      ...result.result,
      ...(subjects.returned === null ? {} : { subject: subjects.returned }),
      ...(Object.keys(fields.fields).length === 0 ? {} : { fields: fields.fields }),
    },
    effect: judged.effect,
    accepts: accepts.level,
    destination: [...to.destination],
    ...(subjects.given.length === 0 ? {} : { subject: [...subjects.given] }),
  }
  const reasons = [judged, result, fields, to, accepts, subjects].flatMap((each) => each.reasons)
  const look = [judged, result, to, accepts, subjects].flatMap((each) => each.look)
  return { tool: tool.name, label, reasons: [...new Set(reasons)], look: [...new Set(look)] }
}

/** `from` and `to` together are the two ends of something, unless it is sent. */
function parametersOf(tool: Definition, words: readonly string[]): Parameter[] {
  const parameters = tool.parameters.map(parameterOf)
  if (verbIn(words)?.effect === 'external') return parameters
  const names = new Set(parameters.map(({ name }) => name.toLowerCase()))
  if (!names.has('from') || !names.has('to')) return parameters
  return parameters.map((each) =>
    ['from', 'to'].includes(each.name.toLowerCase()) ? { ...each, kind: 'thing' } : each,
  )
}

const ALOUD = new Set('announce broadcast deploy publish release tweet retweet'.split(' '))

/** LBL-7. */
function acceptsOf(
  { annotations }: Definition,
  { effect, verb }: Judged,
  parameters: readonly Parameter[],
  domains: readonly Domain[],
): { level: Level; reasons: string[]; look: string[] } {
  const runs = parameters.find(
    ({ kind, words }) => kind === 'code' && !words.includes('sql') && !words.includes('statement'),
  )
  if (effect !== 'none' && runs !== undefined)
    return { level: 'public', reasons: [`what \`${runs.name}\` runs may send anything anywhere`], look: [] }
  if (effect !== 'destructive' && parameters.some(({ kind }) => kind === 'address'))
    return { level: 'public', reasons: ['an address on the network may be anybody’s'], look: [] }
  if (effect === 'internal' || effect === 'destructive')
    return { level: 'restricted', reasons: ['what it is given stays within the system'], look: [] }
  const lowest = domains.reduce<Level>(
    (level, { accepts }) => (isAbove(level, accepts) ? accepts : level),
    'restricted',
  )
  if (effect === 'none') {
    const isOpen = annotations.openWorldHint === true || lowest === 'public'
    const others = domains.length === 0 || domains.some(({ name }) => name === 'catalogue')
    return { level: isOpen ? 'public' : others ? 'internal' : 'restricted', reasons: [], look: [] }
  }
  if (domains.length === 0)
    return {
      level: 'public',
      reasons: ['nothing says who gets what it sends'],
      look: ['who gets what it sends?'],
    }
  if (ALOUD.has(verb?.word ?? ''))
    return { level: 'public', reasons: ['it is for everybody to see'], look: [] }
  return {
    level: isAbove(lowest, 'confidential') ? 'confidential' : lowest,
    reasons: [],
    look: domains.flatMap(({ accepts, look }) =>
      look !== undefined && accepts === lowest && accepts !== 'restricted' ? [look] : [],
    ),
  }
}
