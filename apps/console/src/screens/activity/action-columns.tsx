/** Columns of decisions, as every list of them has them. @module */
import { Group, Text, Tooltip } from '@mantine/core'
import { TextLink } from '../../parts/link.tsx'
import type { Column } from '../../parts/rows.tsx'
import { State, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import type { Names } from '../agents/names.ts'
import type { Action } from './actions-query.ts'
import { callName, isOfPoint } from './call-name.ts'
import { explained } from './reasons.ts'

const t = words.activity

/** @param withAgent false: all are of one agent */
export function actionColumns(names: Names, withAgent = true): readonly Column<Action>[] {
  const agent: Column<Action> = {
    name: t.agent,
    width: 'minmax(8rem, 1fr)',
    cell: ({ agent: id, tool, canary }) =>
      id === null ? (
        <Text size="sm" c="dimmed" span>
          {isOfPoint({ tool, canary }) ? t.pointItself : t.nobody}
        </Text>
      ) : (
        <TextLink to="/agents/$id" params={{ id }}>
          {names.of(id)}
        </TextLink>
      ),
  }
  return [
    {
      name: t.call,
      width: 'minmax(11rem, 1.6fr)',
      cell: ({ action, entry, ...call }) => (
        <TextLink to="/activity/$action" params={{ action }} search={{ entry }}>
          {callName(call)}
        </TextLink>
      ),
    },
    {
      name: t.decision,
      width: '8.5rem',
      cell: ({ decision }) => <State of={decision} label={t.decisions[decision]} />,
    },
    ...(withAgent ? [agent] : []),
    {
      name: t.reason,
      width: 'minmax(12rem, 2fr)',
      cell: ({ reasons }) => <Reasons of={reasons} />,
    },
    {
      name: t.outcome,
      width: '7rem',
      cell: ({ decision, outcome }) => (
        <Text size="sm" c={outcome === 'failed' ? 'red' : 'dimmed'} span>
          {outcome !== null ? t.outcomes[outcome] : decision === 'allow' ? t.noOutcome : '–'}
        </Text>
      ),
    },
    {
      name: t.pointShort,
      width: 'minmax(8rem, 1fr)',
      cell: ({ point }) => names.of(point),
    },
    { name: t.time, width: '12.5rem', cell: ({ time }) => <Time at={time} /> },
  ]
}

function Reasons({ of }: { of: readonly string[] }) {
  if (of.length === 0)
    return (
      <Text size="sm" c="dimmed" span>
        –
      </Text>
    )
  return (
    <Group gap={6} wrap="nowrap">
      {of.map((code) => (
        <Tooltip key={code} label={code} events={{ hover: true, focus: true, touch: true }}>
          <Text size="sm" span truncate>
            {explained(code).what ?? code}
          </Text>
        </Tooltip>
      ))}
    </Group>
  )
}
