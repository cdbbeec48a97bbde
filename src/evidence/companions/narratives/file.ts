/** Narratives for software: `narratives.json`. spec/narratives.md (NAR-5). @module */
import type { JsonObject } from '../../../core/json.ts'
import { rfc3339 } from '../../../core/time.ts'
import type { ReportInput } from '../../report/input.ts'
import type { Narrative } from './narratives.ts'

export function narrativesFile(input: ReportInput, narratives: readonly Narrative[]): JsonObject {
  const { origin, simulated, period, log } = input
  return {
    v: 1,
    origin,
    simulated,
    period: { from: rfc3339(period.from_ms), to: rfc3339(period.to_ms) },
    log: { end: log.end, root: log.root },
    controls: narratives.map(({ control, digest, approval, sentences, inPeriod, sinceEarlier }) => ({
      control: control.id,
      title: control.title,
      digest,
      approval: approval === null ? null : { ...approval },
      sentences: sentences.map(({ text: words, evidence }) => ({
        text: words,
        evidence: evidence === null ? null : { ...evidence },
      })),
      in_period: inPeriod?.map((sentence) => sentence.map((piece) => ({ ...piece }))) ?? null,
      since_earlier:
        sinceEarlier === null || sinceEarlier === 'new'
          ? sinceEarlier
          : sinceEarlier.map((sentence) => sentence.map((piece) => ({ ...piece }))),
    })),
  }
}
