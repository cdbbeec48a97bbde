/** Registered tools, each with the label in force: what it returns, does and accepts. @module */
import { Badge, Group, Select, Text, TextInput, Tooltip } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { LEVELS } from '../../../../../src/core/label.ts'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { termLabel } from '../../parts/terms.ts'
import { State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { ProposeJson } from '../settings/propose-json.tsx'
import { LabelForm, UNSAID } from './label-form.tsx'
import { labelsQuery, type Labelled } from './queries.ts'

const t = words.data

export function Tools() {
  const session = useSession()
  const queries = useQueryClient()
  const { find = '', level } = useSearch({ from: '/inside/data' })
  const navigate = useNavigate({ from: '/data' })
  const labels = useQuery(labelsQuery)
  const [proposing, setProposing] = useState(false)
  const [labelling, setLabelling] = useState<Labelled | null>(null)
  const refuse = whyNot(session, 'policies.propose')
  const again = () => void queries.invalidateQueries({ queryKey: ['labels'] })
  const columns: readonly Column<Labelled>[] = [
    ...COLUMNS,
    {
      name: t.propose,
      width: '5.5rem',
      cell: (one) => (
        <ActButton size="compact-sm" variant="default" whyNot={refuse} onClick={() => setLabelling(one)}>
          {t.labelIt}
        </ActButton>
      ),
    },
  ]
  const isFound = ({ server, name, label }: Labelled) =>
    `${server} ${name}`.toLowerCase().includes(find.toLowerCase()) &&
    (level === undefined || (label?.result.level ?? 'restricted') === level)
  return (
    <>
      <Group gap="sm" align="flex-end" justify="space-between">
        <Group gap="sm" role="search">
          <TextInput
            label={t.find}
            value={find}
            onChange={(event) =>
              void navigate({ search: (old) => ({ ...old, find: event.currentTarget.value }), replace: true })
            }
          />
          <Select
            label={t.level}
            data={LEVELS.map((name) => ({ value: name, label: t.levels[name] }))}
            value={level ?? null}
            onChange={(value) => void navigate({ search: (old) => ({ ...old, level: value ?? undefined }) })}
            placeholder={t.anyLevel}
            clearable
          />
        </Group>
        <ActButton variant="default" whyNot={refuse} onClick={() => setProposing(true)}>
          {t.proposeLabels}
        </ActButton>
      </Group>
      <Answer
        of={labels}
        empty={(data) => data.labels.length === 0}
        nothing={<Empty title={t.none}>{t.noneText}</Empty>}
      >
        {(data) => {
          const rows = data.labels.filter(isFound)
          if (rows.length === 0) return <Empty title={t.noneFound}>{t.noneFoundText}</Empty>
          return <Rows label={t.tabs.tools} rows={rows} columns={columns} keyOf={({ tool }) => tool} />
        }}
      </Answer>
      {labelling !== null && <LabelForm of={labelling} onDone={again} onClose={() => setLabelling(null)} />}
      {proposing && labels.data !== undefined && (
        <ProposeJson
          title={t.proposeLabels}
          lead={t.proposeText}
          start={startOf(labels.data.labels)}
          propose={(value) => said(api.POST('/v1/labels/proposals', { body: { labels: value as never } }))}
          onDone={again}
          onClose={() => setProposing(false)}
        />
      )}
    </>
  )
}

/** The first that has none, or the first: somebody changes it. */
function startOf(labels: readonly Labelled[]): unknown {
  const first = labels.find(({ label }) => label === null) ?? labels[0]
  if (first === undefined) return []
  const { tool, definition_hash, label } = first
  return [{ tool, definition_hash, label: label ?? UNSAID }]
}

const COLUMNS: readonly Column<Labelled>[] = [
  { name: t.tool, width: 'minmax(10rem, 1.4fr)', cell: ({ name }) => name },
  { name: t.server, width: 'minmax(6rem, 1fr)', cell: ({ server }) => server },
  { name: t.returns, width: 'minmax(18rem, 2fr)', cell: ({ label }) => <Returns label={label} /> },
  { name: t.effect, width: '9.5rem', cell: ({ label }) => (label === null ? '–' : t.effects[label.effect]) },
  {
    name: t.accepts,
    width: '9rem',
    cell: ({ label }) => (label === null ? t.levels.public : t.levels[label.accepts]),
  },
  {
    name: t.label,
    width: '6rem',
    cell: ({ label, approval }) =>
      label === null || approval === null ? (
        <Tooltip
          label={t.unlabelledHint}
          multiline
          maw={300}
          events={{ hover: true, focus: true, touch: true }}
        >
          <span tabIndex={0}>
            <State of="waiting" label={t.unlabelled} />
          </span>
        </Tooltip>
      ) : (
        <TextLink to="/log/$index" params={{ index: String(approval) }} size="sm">
          {t.approved}
        </TextLink>
      ),
  },
]

function Returns({ label }: { label: Labelled['label'] }) {
  if (label === null) return <Text c="dimmed">{t.unlabelled}</Text>
  const { level, integrity, categories } = label.result
  return (
    <Group gap={4} wrap="nowrap">
      <Level of={level} />
      <Badge variant="default" tt="none" fw={400}>
        {integrity === 'trusted' ? t.trusted : t.untrusted}
      </Badge>
      {categories.map((category) => (
        <Badge key={category} variant="default" tt="none" fw={400}>
          {termLabel(category)}
        </Badge>
      ))}
    </Group>
  )
}

const COLOURS = { public: 'teal', internal: 'blue', confidential: 'orange', restricted: 'red' } as const

export function Level({ of }: { of: keyof typeof COLOURS }) {
  return (
    <Badge variant="light" tt="none" color={COLOURS[of]}>
      {t.levels[of]}
    </Badge>
  )
}
