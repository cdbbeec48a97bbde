/** What `countersign start --anchors` says of them: the witnesses, how many it takes, and what is anchored when. @module */
import { rfc3339 } from '../../src/core/time.ts'
import type { Quorum } from '../../src/log/policy.ts'
import type { DueAnchor } from '../server/anchor-runner.ts'
import type { AnchorSettings } from '../server/anchor-settings.ts'
import { visible } from './output.ts'

type Witnesses = AnchorSettings['witnesses']

/** For machines. */
export function outsideSaid(witnesses: Witnesses, due: readonly DueAnchor[]): object {
  return {
    witnesses: witnesses?.witnesses.map(({ key, url }) => ({ name: key.name, url })) ?? [],
    ...(witnesses === null ? {} : { quorum: quorumOf(witnesses.quorum), mode: witnesses.mode }),
    anchors: due.map(({ kind, by, at_ms }) => ({ kind, by, next: rfc3339(at_ms) })),
  }
}

export function outsideLines(witnesses: Witnesses, due: readonly DueAnchor[], now_ms = Date.now()): string[] {
  return [
    ...(witnesses === null ? ['witnesses      none'] : witnessLines(witnesses)),
    ...(due.length === 0 ? ['anchors        none: nothing outside dates this log'] : []),
    ...due.map(({ kind, by, at_ms }) => {
      const when = at_ms <= now_ms ? 'now, and at least daily' : `next ${rfc3339(at_ms)}`
      return `anchor         ${kind} by ${visible(by)}: ${when}`
    }),
  ]
}

function witnessLines({ witnesses, quorum, mode }: NonNullable<Witnesses>): string[] {
  const effect = mode === 'required' ? 'nothing is published without' : 'published without, too'
  return [
    ...witnesses.map(({ key, url }) => `witness        ${visible(key.name)} at ${visible(url ?? '')}`),
    `quorum         ${quorumOf(quorum)} (${mode}: ${effect})`,
  ]
}

/** Of names and of groups in one another, as a policy has them. */
function quorumOf(quorum: Quorum): string {
  if (!('k' in quorum)) return quorum.name
  if (quorum.k === 0) return 'none is wanted'
  return `${quorum.k} of ${quorum.of.map((each) => ('k' in each ? `(${quorumOf(each)})` : each.name)).join(', ')}`
}
