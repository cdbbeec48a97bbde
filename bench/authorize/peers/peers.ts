/** The peers: each by its own public API, at the version that the lock file pins. @module */
import { versionOf } from '../../machine.ts'
import type { Percentiles, Row } from '../../measure.ts'
import type { Peer } from './peer.ts'

const PEERS = {
  jose: { package: 'jose', start: async () => (await import('./jose.ts')).peer() },
  agent_passport: {
    package: 'agent-passport-system',
    start: async () => (await import('./agent-passport.ts')).peer(),
  },
  biscuit: {
    package: '@biscuit-auth/biscuit-wasm',
    start: async () => (await import('./biscuit.ts')).peer(),
  },
  ucan: { package: '@ucans/ucans', start: async () => (await import('./ucan.ts')).peer() },
  agent_governance: {
    package: '@microsoft/agent-governance-sdk',
    start: async () => (await import('./agent-governance.ts')).peer(),
  },
} as const

type PeerName = keyof typeof PEERS

/** Figures by name, what they mean, or why there are none. */
export type PeerReport = { readonly package: string; readonly version: string } & (
  | ({ readonly figures: Readonly<Record<string, Percentiles>> } & Omit<Peer, 'rows'>)
  | { readonly not_measured: string }
)

export interface Peers {
  /** That work when tried once: a peer is never left out of the report, only of the run. */
  readonly rows: readonly Row[]
  report(of: (name: string) => Percentiles): Record<string, PeerReport>
}

export async function startPeers(): Promise<Peers> {
  const started = new Map<PeerName, Peer | string>()
  for (const name of Object.keys(PEERS) as PeerName[]) started.set(name, await start(name))
  const rows = [...started].flatMap(([peer, found]) =>
    typeof found === 'string' ? [] : found.rows.map((row): Row => ({ ...row, name: `${peer}.${row.name}` })),
  )
  return {
    rows,
    report: (of) =>
      Object.fromEntries([...started].map(([name, found]) => [name, reportOf(name, found, of)])),
  }
}

async function start(name: PeerName): Promise<Peer | string> {
  try {
    const peer = await PEERS[name].start()
    for (const row of peer.rows) await row.prepare(0)()
    return peer
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function reportOf(name: PeerName, found: Peer | string, of: (name: string) => Percentiles): PeerReport {
  const about = { package: PEERS[name].package, version: versionOf(PEERS[name].package) }
  if (typeof found === 'string') return { ...about, not_measured: found }
  const { rows, ...rest } = found
  return {
    ...about,
    ...rest,
    figures: Object.fromEntries(rows.map((row) => [row.name, of(`${name}.${row.name}`)])),
  }
}
