/** A chain of authority: drawn, and told as an ordered list, which says the same without the drawing. @module */
import { Box, List, Stack, Text } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { TextLink } from '../../parts/link.tsx'
import { Loading } from '../../parts/states.tsx'
import { words } from '../../words/words.ts'
import type { Chain, ChainNode } from './chain-model.ts'

const ChainGraph = lazy(() => import('./chain-graph.tsx'))
const t = words.delegations
/** Nodes of a drawing that can still be read. */
const DRAWN_MAX = 80

export function ChainView({ chain }: { chain: Chain }) {
  return (
    <Stack gap="sm">
      {chain.nodes.length <= DRAWN_MAX && (
        <Box role="group" aria-label={t.chainList} visibleFrom="sm" className="no-print">
          <Suspense fallback={<Loading rows={5} />}>
            <ChainGraph chain={chain} />
          </Suspense>
        </Box>
      )}
      <Box>
        <Text size="sm" c="dimmed" id="chain-list">
          {t.chainList}
        </Text>
        <List type="ordered" spacing={4} aria-labelledby="chain-list">
          {chain.nodes.map((node) => (
            <List.Item key={node.id}>
              <Line of={node} from={above(chain, node)} />
            </List.Item>
          ))}
        </List>
      </Box>
    </Stack>
  )
}

/** Whoever stands before a node, by name. */
function above({ nodes, edges }: Chain, { id }: ChainNode): string {
  const before = edges.filter(({ to }) => to === id).map(({ from }) => from)
  return nodes
    .filter((node) => before.includes(node.id))
    .map(({ kind, label, note = '' }) =>
      kind === 'delegation' || kind === 'hop' ? `${label} (${note})` : label,
    )
    .join(', ')
}

function Line({ of: node, from }: { of: ChainNode; from: string }) {
  return (
    <Text size="sm" component="span">
      {t.kinds[node.kind]}: <Named node={node} />
      {node.note !== undefined && ` (${node.note})`}
      {node.revoked === true && `, ${t.revoked}`}
      {from !== '' && (
        <Text size="sm" c="dimmed" span>
          {' '}
          {t.from(from)}
        </Text>
      )}
    </Text>
  )
}

function Named({ node: { kind, of, label } }: { node: ChainNode }) {
  const { jti: here } = useParams({ strict: false })
  if (of === undefined) return label
  if (kind === 'agent')
    return (
      <TextLink to="/agents/$id" params={{ id: of }} inherit>
        {label}
      </TextLink>
    )
  if (kind === 'delegation')
    return of === here ? (
      <strong aria-current="page">{label}</strong>
    ) : (
      <TextLink to="/delegations/$jti" params={{ jti: of }} inherit>
        {label}
      </TextLink>
    )
  if (kind === 'hop')
    return (
      <TextLink to="/log/$index" params={{ index: of }} inherit>
        {label}
      </TextLink>
    )
  return label
}
