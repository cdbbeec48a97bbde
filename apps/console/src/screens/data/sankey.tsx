/** The flows as a Sankey diagram: tools that return, levels, tools that change or send. Loaded when it is looked at. @module */
import { Box } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { sankey, sankeyLinkHorizontal, sankeyJustify, type SankeyGraph } from 'd3-sankey'
import { LEVELS } from '../../../../../src/core/label.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Flow } from './flow-counts.ts'

const t = words.data

interface Node {
  readonly key: string
  readonly label: string
  readonly side: 'source' | 'level' | 'sink'
}
interface Link {
  readonly source: string
  readonly target: string
  readonly value: number
}

const ROW_PX = 46
const NODE_PX = 12
/** Room for names, in pixels. */
const MARGIN = 8
const NAME_PX_MIN = 640
/** Pixels of one character of a name, about. */
const CHAR_PX = 7

export default function Sankey({ flows }: { flows: readonly Flow[] }) {
  const { ref, width } = useElementSize()
  const inner = Math.max(width, NAME_PX_MIN)
  const longest = Math.max(flows.filter(({ side }) => side === 'source').length, LEVELS.length)
  const height = longest * ROW_PX + 20
  const graph = layout(flows, inner, height)
  const path = sankeyLinkHorizontal<Node, Link>()
  return (
    <Box ref={ref} style={{ overflowX: 'auto' }} tabIndex={0} role="img" aria-label={describe(flows)}>
      <svg width={inner} height={height} className="sankey" aria-hidden>
        {graph.links.map((link) => (
          <path
            key={`${keyOf(link.source)} ${keyOf(link.target)}`}
            d={path(link) ?? ''}
            strokeWidth={Math.max(1.5, link.width ?? 1)}
            data-level={levelOf(link)}
          >
            <title>{`${labelOf(link.source)} → ${labelOf(link.target)}: ${count(link.value)}`}</title>
          </path>
        ))}
        {graph.nodes.map((node) => (
          <NodeShape key={node.key} node={node} width={inner} />
        ))}
      </svg>
    </Box>
  )
}

type Placed = SankeyGraph<Node, Link>['nodes'][number]

function NodeShape({ node, width }: { node: Placed; width: number }) {
  const { x0 = 0, x1 = 0, y0 = 0, y1 = 0, label, side, key } = node
  const isRight = side === 'sink'
  // A name longer than its column would run into the next one.
  const chars = Math.floor((width / 2 - 60) / CHAR_PX)
  const name = `${label.length > chars ? `${label.slice(0, chars - 1)}…` : label}  ${count(node.value ?? 0)}`
  return (
    <g>
      <rect
        x={x0}
        y={y0}
        width={x1 - x0}
        height={Math.max(2, y1 - y0)}
        data-level={side === 'level' ? key : undefined}
        rx={2}
      />
      <text
        x={isRight ? x0 - 6 : x1 + 6}
        y={(y0 + y1) / 2}
        dy="0.35em"
        textAnchor={isRight ? 'end' : 'start'}
      >
        {name}
      </text>
    </g>
  )
}

function layout(flows: readonly Flow[], width: number, height: number): SankeyGraph<Node, Link> {
  const used = LEVELS.filter((level) => flows.some((flow) => flow.level === level))
  const nodes: Node[] = [
    ...flows.map(({ tool, side }) => ({ key: `${side} ${tool}`, label: tool, side })),
    ...used.map((level) => ({ key: level, label: t.levels[level], side: 'level' as const })),
  ]
  const links = flows.map(({ tool, side, level, calls }) =>
    side === 'source'
      ? { source: `source ${tool}`, target: level, value: calls }
      : { source: level, target: `sink ${tool}`, value: calls },
  )
  return sankey<Node, Link>()
    .nodeId(({ key }) => key)
    .nodeAlign((node, n) =>
      node.side === 'source' ? 0 : node.side === 'level' ? 1 : Math.min(2, sankeyJustify(node, n) + 2),
    )
    .nodeWidth(NODE_PX)
    .nodePadding(22)
    .extent([
      [MARGIN, 10],
      [width - MARGIN, height - 10],
    ])({ nodes, links })
}

/** Before the layout an end is a key, after it a node. */
function keyOf(end: unknown): string {
  return typeof end === 'object' && end !== null && 'key' in end ? String(end.key) : String(end)
}

function labelOf(end: unknown): string {
  return typeof end === 'object' && end !== null && 'label' in end ? String(end.label) : String(end)
}

function levelOf({ source, target }: { source: unknown; target: unknown }): string {
  const [from, to] = [keyOf(source), keyOf(target)]
  return LEVELS.find((level) => level === from || level === to) ?? ''
}

function describe(flows: readonly Flow[]): string {
  const parts = flows.slice(0, 12).map(({ tool, side, level, calls }) => {
    const verb = side === 'source' ? t.source : t.sink
    return `${tool} ${verb} ${t.levels[level]}: ${count(calls)}`
  })
  return `${t.chart}. ${parts.join('. ')}`
}
