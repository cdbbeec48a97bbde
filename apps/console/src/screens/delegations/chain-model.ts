/** From people through delegations and hops to agents and tools: nodes and edges, whoever draws or lists them. @module */
import type { paths } from '../../api/schema.d.ts'
import { words } from '../../words/words.ts'
import type { Names } from '../agents/names.ts'

export type Terms =
  paths['/v1/delegations/{jti}/terms']['get']['responses'][200]['content']['application/json']
export type Segment = Terms['segments'][number]
export type Grant = Segment['grants'][number]['grant']

export type ChainKind = 'person' | 'delegation' | 'hop' | 'agent' | 'tool'

export interface ChainNode {
  readonly id: string
  readonly kind: ChainKind
  readonly label: string
  readonly note?: string
  /** Which agent, delegation or entry it is. */
  readonly of?: string
  readonly revoked?: boolean
}

export interface Chain {
  readonly nodes: readonly ChainNode[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

const t = words.delegations
/** Actions that are named on a node. */
const ACTIONS_SHOWN = 4

/** @param jti null: of another issuer */
export function chainOf(
  {
    jti,
    signers,
    segments,
    revoked = false,
  }: {
    readonly jti: string | null
    readonly signers: Terms['signers']
    readonly segments: readonly Segment[]
    readonly revoked?: boolean
  },
  names: Names,
): Chain {
  const [root] = segments
  if (root === undefined) return { nodes: [], edges: [] }
  const top = `dlg:${jti ?? root.id}`
  const people = signers.map(({ person, role }) => ({
    id: `per:${person}`,
    kind: 'person' as const,
    label: names.of(person),
    note: t.roles[role === 'approver' ? 'approver' : 'principal'],
  }))
  const delegation: ChainNode = {
    id: top,
    kind: 'delegation',
    label: t.delegation,
    note: shortId(jti ?? root.id),
    ...(jti !== null && { of: jti }),
    revoked,
  }
  const parts = segments.map((segment) => partOf(segment, segments, top, names))
  return joined([
    { nodes: [...people, delegation], edges: people.map(({ id }) => ({ from: id, to: top })) },
    ...parts,
  ])
}

/** One segment: the hop where it is one, who acts under it, which tools it has. */
function partOf(segment: Segment, all: readonly Segment[], top: string, names: Names): Chain {
  const { id, parent, agent, entry } = segment
  const above = parent === null ? undefined : all.find((one) => one.id === parent)
  const who: ChainNode = {
    id: `agt:${agent ?? id}`,
    kind: 'agent',
    label: agent === null ? t.unknownAgent : names.of(agent),
    ...(agent !== null && { of: agent }),
  }
  const hop: ChainNode = {
    id: `hop:${id}`,
    kind: 'hop',
    label: t.hop,
    note: t.entry(entry),
    of: String(entry),
  }
  const tools = segment.grants.map(({ digest, grant }) => ({
    id: `tool:${id}:${digest}`,
    kind: 'tool' as const,
    label: grant.server,
    note: actionsOf(grant),
  }))
  const isHop = parent !== null
  const from = above === undefined ? top : `agt:${above.agent ?? above.id}`
  return {
    nodes: [...(isHop ? [hop] : []), who, ...tools],
    edges: [
      ...(isHop
        ? [
            { from, to: hop.id },
            { from: hop.id, to: who.id },
          ]
        : [{ from: top, to: who.id }]),
      ...tools.map((tool) => ({ from: who.id, to: tool.id })),
    ],
  }
}

export function actionsOf({ actions }: Pick<Grant, 'actions'>): string {
  if (actions[0] === '*') return t.everyTool
  const rest = actions.length - ACTIONS_SHOWN
  return actions.slice(0, ACTIONS_SHOWN).join(', ') + (rest > 0 ? t.more(rest) : '')
}

/** Each node and edge once, in the order in which they come first. */
export function joined(chains: readonly Chain[]): Chain {
  const nodes = new Map(chains.flatMap((chain) => chain.nodes.map((node) => [node.id, node] as const)))
  const edges = new Map(
    chains.flatMap((chain) => chain.edges.map((edge) => [`${edge.from} ${edge.to}`, edge] as const)),
  )
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}

export function shortId(id: string): string {
  return id.length > 14 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id
}
