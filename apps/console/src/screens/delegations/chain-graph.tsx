/** The drawing of a chain, from left to right. Loaded when it is shown: React Flow and dagre are large. @module */
import '@xyflow/react/dist/style.css'
import { Box, Group, Text, useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { graphlib, layout } from '@dagrejs/dagre'
import { useNavigate } from '@tanstack/react-router'
import {
  Background,
  Controls,
  Handle,
  Position,
  ReactFlow,
  type Edge,
  type FitViewOptions,
  type Node,
  type NodeProps,
  type ReactFlowInstance,
} from '@xyflow/react'
import { Bot, KeyRound, Split, User, Wrench, type LucideIcon } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { Chain, ChainKind, ChainNode } from './chain-model.ts'

const WIDTH = 190
const HEIGHT = 62
const ICONS: Readonly<Record<ChainKind, LucideIcon>> = {
  person: User,
  delegation: KeyRound,
  hop: Split,
  agent: Bot,
  tool: Wrench,
}

type Drawn = Node<{ node: ChainNode }, 'link'>

const FIT: FitViewOptions<Drawn> = { padding: { x: '16px', y: '44px' }, maxZoom: 1 }

export default function ChainGraph({ chain }: { chain: Chain }) {
  const scheme = useComputedColorScheme()
  const navigate = useNavigate()
  const { nodes, edges, height } = useMemo(() => placed(chain), [chain])
  const { ref, width } = useElementSize()
  const [flow, setFlow] = useState<ReactFlowInstance<Drawn> | null>(null)
  // It is drawn before it has its room, and a window may change.
  useEffect(() => {
    if (flow !== null && width > 0) void flow.fitView(FIT)
  }, [flow, width])
  const open = ({ kind, of }: ChainNode) => {
    if (of === undefined) return
    if (kind === 'agent') void navigate({ to: '/agents/$id', params: { id: of } })
    if (kind === 'delegation') void navigate({ to: '/delegations/$jti', params: { jti: of } })
    if (kind === 'hop') void navigate({ to: '/log/$index', params: { index: of } })
  }
  return (
    <Box ref={ref} h={Math.min(Math.max(height + 88, 160), 480)} className="chain-graph">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        colorMode={scheme}
        fitView
        fitViewOptions={FIT}
        onInit={setFlow}
        minZoom={0.2}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        onNodeClick={(_, { data }) => open(data.node)}
        proOptions={{ hideAttribution: true }}
      >
        <Background />
        <Controls showInteractive={false} position="top-right" orientation="horizontal" />
      </ReactFlow>
    </Box>
  )
}

function Link({ data: { node } }: NodeProps<Drawn>) {
  const Icon = ICONS[node.kind]
  return (
    <Box
      className="chain-node"
      data-kind={node.kind}
      data-revoked={node.revoked === true || undefined}
      w={WIDTH}
      h={HEIGHT}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Group gap={8} wrap="nowrap">
        <Icon size={18} aria-hidden />
        <Box miw={0}>
          <Text size="sm" fw={600} truncate>
            {node.label}
          </Text>
          {node.note !== undefined && (
            <Text size="xs" c="dimmed" truncate>
              {node.note}
            </Text>
          )}
        </Box>
      </Group>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </Box>
  )
}

const TYPES = { link: Link }

function placed({ nodes, edges }: Chain): { nodes: Drawn[]; edges: Edge[]; height: number } {
  const graph = new graphlib.Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 46 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of nodes) graph.setNode(id, { width: WIDTH, height: HEIGHT })
  for (const { from, to } of edges) graph.setEdge(from, to)
  layout(graph)
  return {
    nodes: nodes.map((node) => {
      const { x = 0, y = 0 } = graph.node(node.id)
      return { id: node.id, type: 'link', position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 }, data: { node } }
    }),
    edges: edges.map(({ from, to }) => ({ id: `${from} ${to}`, source: from, target: to })),
    height: Number(graph.graph().height ?? 0),
  }
}
