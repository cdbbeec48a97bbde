/** The report, and the same for people. @module */
import type { Machine } from '../machine.ts'
import type { Percentiles } from '../measure.ts'
import type { PeerReport } from './peers/peers.ts'

/** Microseconds. `--json` prints it as it is. */
export interface Report {
  readonly benchmark: 'authorize'
  readonly machine: Machine
  /** Our commit. */
  readonly countersign: string
  /** How the floor imports keys: the fastest way that this Node has. */
  readonly key_import: { readonly okp: string; readonly ec: string }
  readonly ours: {
    readonly cold1_us: Percentiles
    readonly cold3_us: Percentiles
    readonly cold1_no_gesture_us: Percentiles
    readonly cold3_no_gesture_us: Percentiles
    readonly decide_us: Percentiles
    readonly warm_us: Percentiles
    readonly revocations_n: number
    readonly cached_chain_bytes: number
    readonly cached_chains_n: number
  }
  readonly raw: {
    readonly chain1_us: Percentiles
    readonly chain3_us: Percentiles
    readonly chain1_no_gesture_us: Percentiles
    readonly chain3_no_gesture_us: Percentiles
  }
  /** Ours by raw, of the medians. */
  readonly ratio: {
    readonly cold1: number
    readonly cold3: number
    readonly cold1_no_gesture: number
    readonly cold3_no_gesture: number
  }
  readonly raw_ed25519_verify_us: Percentiles
  readonly timer_us: Percentiles
  readonly peers: Readonly<Record<string, PeerReport>>
}

const NAME_CHARS = 58

export function tableOf(report: Report): string {
  const { ours, raw, ratio, machine } = report
  return [
    `authorize, ${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, ${machine.os}`,
    `Node ${machine.node}, OpenSSL ${machine.openssl}, countersign ${report.countersign}, load ${machine.load_1m} at the start`,
    '',
    `${'microseconds'.padEnd(NAME_CHARS)}${['p10', 'p50', 'p99', 'n', 'p50 by raw'].map((text) => text.padStart(11)).join('')}`,
    line('ours, chain of 1, gesture and holder proof, nothing cached', ours.cold1_us, ratio.cold1),
    line('raw: 2 Ed25519 and 1 ES256 with their keys', raw.chain1_us),
    line('ours, chain of 1, without the gesture', ours.cold1_no_gesture_us, ratio.cold1_no_gesture),
    line('raw: 2 Ed25519', raw.chain1_no_gesture_us),
    line('ours, chain of 3, gesture and holder proof, nothing cached', ours.cold3_us, ratio.cold3),
    line('raw: 6 Ed25519 and 1 ES256 with their keys', raw.chain3_us),
    line('ours, chain of 3, without the gesture', ours.cold3_no_gesture_us, ratio.cold3_no_gesture),
    line('raw: 6 Ed25519', raw.chain3_no_gesture_us),
    line('ours, the same call in an open session', ours.warm_us),
    line('ours, the decision alone', ours.decide_us),
    line('one Ed25519 verification', report.raw_ed25519_verify_us),
    line('the timer itself', report.timer_us),
    ...Object.entries(report.peers).flatMap(([, peer]) => peerLines(peer)),
    '',
    `One cached chain (3 delegations with 2 grants each, in an open session): ${ours.cached_chain_bytes} bytes, over ${ours.cached_chains_n} chains.`,
    '',
    'What each checks, and what not:',
    'ours: every signature back to the issuer and the gesture (type, challenge, origin, RP ID, presence, verification), the',
    '  agents behind hops, narrowing of grants, limits, audience, times and depth, the holder proof over this very call and',
    `  its arguments, its single use, constraints, limits per call, revocation of every ancestor among ${ours.revocations_n} and how`,
    '  fresh that knowledge is. Not in it: limits over a period are computed but reserved elsewhere; the disk.',
    'raw: the signatures that ours verifies and the imports of their keys, over the same bytes, and nothing else.',
    ...Object.values(report.peers).flatMap(peerNotes),
    '',
  ].join('\n')
}

function line(name: string, { p10, p50, p99, n }: Percentiles, ratio?: number): string {
  const figures = [p10, p50, p99].map((value) => value.toFixed(2)).concat(String(n), ratio?.toFixed(2) ?? '')
  return `${name.padEnd(NAME_CHARS)}${figures.map((text) => text.padStart(11)).join('')}`.trimEnd()
}

function peerLines(peer: PeerReport): string[] {
  const name = `${peer.package} ${peer.version}`
  if ('not_measured' in peer) return [`${name}: not measured, because ${peer.not_measured}`]
  return Object.entries(peer.figures).map(([figure, of]) =>
    line(`${name}: ${figure.replace(/_us$/, '')}`, of),
  )
}

function peerNotes(peer: PeerReport): string[] {
  if ('not_measured' in peer) return []
  return [
    `${peer.package}: ${peer.measures}.`,
    `  Checks ${peer.checks}.`,
    `  Leaves out ${peer.leaves_out}.`,
  ]
}
